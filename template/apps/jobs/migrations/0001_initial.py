import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="JobRecord",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("job_id", models.CharField(max_length=64, verbose_name="job")),
                ("task", models.CharField(max_length=255, verbose_name="task")),
                ("args", models.TextField(default="[]", verbose_name="arguments")),
                ("kwargs", models.TextField(default="{}", verbose_name="named arguments")),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("failed", "its last try failed"),
                            ("unsent", "the broker did not take it"),
                            ("sent", "it is not done yet"),
                        ],
                        max_length=10,
                        verbose_name="reason",
                    ),
                ),
                ("error", models.TextField(blank=True, verbose_name="error")),
                (
                    "request_id",
                    models.CharField(blank=True, max_length=128, verbose_name="request"),
                ),
                (
                    "available_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, verbose_name="parked at"
                    ),
                ),
                (
                    "redeliveries",
                    models.PositiveSmallIntegerField(default=0, verbose_name="redeliveries"),
                ),
            ],
            options={
                "verbose_name": "parked job",
                "verbose_name_plural": "parked jobs",
                "indexes": [
                    models.Index(
                        fields=["reason", "available_at"], name="jobs_jobrecord_reason_age"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("job_id",), name="jobs_jobrecord_job_id_is_unique"
                    )
                ],
            },
        ),
    ]
