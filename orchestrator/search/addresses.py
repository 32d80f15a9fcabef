"""Addresses of storages as messages show them: without passwords."""

import re
from urllib.parse import unquote

from ml_tracking_ops.logger.run_record import HIDDEN

_OF_USER = re.compile(r"(://[^:/@]*:)(.+)@", re.DOTALL)
_AS_OPTION = re.compile(r"([?&](?:password|passwd|pwd)=)([^&]+)", re.IGNORECASE)


def shown_address(address: str) -> str:
    """Return an address such as `mysql://user:password@host/name` with the password hidden."""
    return _AS_OPTION.sub(rf"\1{HIDDEN}", _OF_USER.sub(rf"\1{HIDDEN}@", address))


def without_passwords(text: str, address: str) -> str:
    """Return the text of an error about an address, without the passwords in the address."""
    text = text.replace(address, shown_address(address))
    passwords = {found[2] for kind in (_OF_USER, _AS_OPTION) for found in kind.finditer(address)}
    for password in sorted({*passwords, *map(unquote, passwords)}, key=len, reverse=True):
        text = text.replace(password, HIDDEN)
    return text
