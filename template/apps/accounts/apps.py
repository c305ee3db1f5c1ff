from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"

    def ready(self) -> None:
        """Log what happens to second factors, count wrong codes, and remember right ones."""
        from allauth.mfa.signals import authentication_failed  # noqa: PLC0415  # they need the models
        from django.contrib.auth.signals import user_logged_in  # noqa: PLC0415

        from apps.accounts import services  # noqa: PLC0415

        for signal in services.EVENTS:
            signal.connect(services.report_change)
        authentication_failed.connect(services.count_failure)
        user_logged_in.connect(services.remember_code)
