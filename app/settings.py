"""Every setting of Beholder, with its unit, its default and what it is for.

A setting is read from the environment variable ``BEHOLDER_<NAME>`` or from a file ``.env`` in
the working folder.  Secrets have no default in production.
"""

import os
import secrets
from functools import cache
from pathlib import Path
from typing import Literal

import sqlalchemy
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.exc import ArgumentError

from app.errors import InvalidInput, Problem

PROJECT_FOLDER = Path(__file__).resolve().parents[1]


class Settings(BaseSettings):
    """The settings of one Beholder process."""

    model_config = SettingsConfigDict(env_prefix="BEHOLDER_", env_file=".env", extra="ignore")

    environment: Literal["development", "production"] = "development"
    """``production`` refuses unsafe defaults: secrets must be given."""

    data_folder: Path = PROJECT_FOLDER / "data"
    """Folder of the embedded database, the image bytes and the generated secret."""

    database_url: SecretStr | None = None
    """PostgreSQL server, ``postgresql://user:password@host/name``; without it the embedded one."""

    database_pool_size: int = Field(default=5, ge=1, le=50)
    """Connections each process keeps open."""

    secret_key: SecretStr | None = None
    """Signs raters' cookies and form tokens; made once and kept in the data folder if not given."""

    owner_email: str = "owner@beholder.example"
    """Address with which the first owner account logs in."""

    owner_password: SecretStr | None = None
    """Password of the first owner account; made up and printed once if not given."""

    host: str = "127.0.0.1"
    """Address the web server listens on."""

    port: int = Field(default=8000, ge=1, le=65535)
    """Port the web server listens on."""

    public_url: str | None = None
    """Address under which people reach Beholder, if it differs from host and port."""

    cookie_secure: bool = False
    """Send cookies over HTTPS only; switch on behind TLS."""

    account_session_hours: int = Field(default=12, ge=1, le=24 * 30)
    """Hours after which an account has to log in again."""

    upload_limit_mib: int = Field(default=512, ge=1)
    """Largest upload in the dashboard, in MiB."""

    image_limit_megapixels: int = Field(default=64, ge=1)
    """Largest picture the pool accepts, in millions of pixels."""

    worker_concurrency: int = Field(default=1, ge=1, le=16)
    """Chunks one worker process renders at the same time."""

    analysis_worker: bool = True
    """Carry out analyses in the background of this web server; off where another one does it."""

    log_format: Literal["console", "json"] = "console"
    """``json`` writes one JSON object per event, for log collectors."""

    log_level: Literal["info", "warning"] = "info"
    """``warning`` leaves out the events of everyday work; `beholder run` does so by itself."""

    @field_validator("database_url")
    @classmethod
    def _refuse_other_addresses(cls, given: SecretStr | None) -> SecretStr | None:
        """What is given may hold a password, so the sentence does not repeat it."""
        if given is None:
            return None
        try:
            kind = sqlalchemy.make_url(given.get_secret_value()).get_backend_name()
        except (ArgumentError, ValueError):
            kind = None
        if kind not in {"postgresql", "postgres"}:
            raise ValueError("This must have the form postgresql://user:password@host:port/name.")
        return given

    @model_validator(mode="after")
    def _refuse_unsafe_production(self) -> "Settings":
        if self.environment == "production" and self.secret_key is None:
            raise ValueError("In production BEHOLDER_SECRET_KEY must be set: 32 random characters.")
        if self.secret_key is not None and len(self.secret_key.get_secret_value()) < 32:
            raise ValueError("BEHOLDER_SECRET_KEY must have at least 32 characters.")
        return self

    @property
    def base_url(self) -> str:
        """The address people type, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def blob_folder(self) -> Path:
        """Where image bytes lie."""
        return self.data_folder / "blobs"

    def signing_key(self) -> str:
        """The secret key; made and kept in the data folder (mode 0600) when none was given."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        return _kept_secret(self.data_folder / "secret_key")


def _kept_secret(path: Path) -> str:
    """Return the secret in this file, creating it once; safe when two processes start together."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


@cache
def get_settings() -> Settings:
    """The settings of this process, read once; raises InvalidInput naming what is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        problems = [
            Problem(
                f"BEHOLDER_{'_'.join(map(str, entry['loc'])).upper()}"
                if entry["loc"]
                else "settings",
                entry["msg"].removeprefix("Value error, "),
            )
            for entry in error.errors()
        ]
        raise InvalidInput("The settings have mistakes.", problems=problems) from None
