"""The project's own addresses. The template never changes this file.

They come first, so that they win over those of `config.urls`.
"""

from django.urls import URLPattern, URLResolver

# Under /api/v1/.
api_v1: list[URLPattern | URLResolver] = []
urlpatterns: list[URLPattern | URLResolver] = []
