"""What turns a prompt into a picture: one common shape, one package per kind of generator."""
