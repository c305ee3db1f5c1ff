from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    def ready(self) -> None:
        """Log what happens to second factors, and count wrong codes."""
        from allauth.mfa.signals import authentication_failed  # noqa: PLC0415  # they need the models

        from apps.accounts import services  # noqa: PLC0415

        for signal in services.EVENTS:
            signal.connect(services.report_change)
        authentication_failed.connect(services.count_failure)
