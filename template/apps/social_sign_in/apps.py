from django.apps import AppConfig


class SocialSignInConfig(AppConfig):
    name = "apps.social_sign_in"
