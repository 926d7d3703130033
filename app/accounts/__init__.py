"""People who run studies: their accounts, what they may do, sessions and API tokens."""
