from factories import make_account
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.directory import list_accounts
from app.database.tables.accounts import Role


async def test_accounts_are_listed_by_address_without_anything_secret(
    session: AsyncSession,
) -> None:
    await make_account(session, email="zoe@lab.example", role=Role.VIEWER)
    await make_account(session, email="ada@lab.example")
    found = await list_accounts(session)
    assert [(a.email, a.role) for a in found] == [
        ("ada@lab.example", Role.OWNER),
        ("zoe@lab.example", Role.VIEWER),
    ]
    assert "password" not in repr(found)
