from rest_framework import serializers

from apps.reviews.models import Review


class ReviewSerializer(serializers.ModelSerializer[Review]):
    rating = serializers.IntegerField(min_value=1, max_value=5)
    author = serializers.CharField(source="author.name", read_only=True)

    class Meta:
        model = Review
        fields = ("id", "rating", "text", "author", "created_at")
        read_only_fields = ("id", "created_at")
