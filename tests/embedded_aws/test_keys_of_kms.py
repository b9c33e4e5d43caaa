"""A key that signs has a key pair of its own; one that encrypts has none to tell of, and encrypts for itself alone."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from embedded_aws.aws import embedded_aws
from embedded_aws.clients import client


def test_keys_that_sign_have_each_their_own_pair() -> None:
    """What one has signed the other doesn't vouch for."""
    with embedded_aws():
        kms = client("kms")
        first, second = (
            kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
            for _ in range(2)
        )
        assert kms.get_public_key(KeyId=first)["PublicKey"] != kms.get_public_key(KeyId=second)["PublicKey"]
        signed = kms.sign(KeyId=first, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
        asked = {"Message": b"m", "Signature": signed, "SigningAlgorithm": "ECDSA_SHA_256"}
        assert kms.verify(KeyId=first, **asked)["SignatureValid"]
        assert not kms.verify(KeyId=second, **asked)["SignatureValid"]


def test_keys_that_encrypt_are_told_apart() -> None:
    """A key decrypts what it has encrypted, and not what another has."""
    with embedded_aws():
        kms = client("kms")
        first, second = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
        secret = kms.encrypt(KeyId=first, Plaintext=b"p")["CiphertextBlob"]
        assert kms.decrypt(CiphertextBlob=secret, KeyId=first)["Plaintext"] == b"p"
        with pytest.raises(ClientError):
            kms.decrypt(CiphertextBlob=secret, KeyId=second)
        with pytest.raises(ClientError):
            kms.sign(KeyId=first, Message=b"m", SigningAlgorithm="RSASSA_PSS_SHA_256")
