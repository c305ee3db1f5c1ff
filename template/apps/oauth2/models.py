from django.db import models


class SigningKey(models.Model):
    """A key that signs ID tokens."""

    jwk = models.JSONField()  # its public half, as published
    encrypted_pem = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.jwk["kid"])
