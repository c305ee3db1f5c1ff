from rest_framework import serializers

from apps.common.schema import examples
from apps.common.serializers import ModelSerializer
from apps.reviews.models import Review


@examples(
    request={"rating": 5, "text": "Quiet, with a view of the lake."},
    response={
        "id": 3,
        "rating": 5,
        "text": "Quiet, with a view of the lake.",
        "author": "Alem",
        "created_at": "2027-08-05T09:30:00Z",
    },
)
class ReviewSerializer(ModelSerializer[Review]):
    rating = serializers.IntegerField(min_value=1, max_value=5)
    author = serializers.CharField(source="author.name", read_only=True)

    class Meta:
        model = Review
        fields = ("id", "rating", "text", "author", "created_at")
        read_only_fields = ("id", "created_at")
