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
                ("kwargs", models.TextField(default="{}", verbose_name="keyword arguments")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("failed", "failed"),
                            ("pending", "pending: the broker has not accepted it"),
                            ("sent", "sent and not done"),
                        ],
                        max_length=10,
                        verbose_name="status",
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
                        default=django.utils.timezone.now, verbose_name="available at"
                    ),
                ),
                (
                    "redeliveries",
                    models.PositiveSmallIntegerField(default=0, verbose_name="redeliveries"),
                ),
            ],
            options={
                "verbose_name": "job",
                "verbose_name_plural": "failed and pending jobs",
                "indexes": [
                    models.Index(
                        fields=["status", "available_at"], name="jobs_jobrecord_status_due"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("job_id",), name="jobs_jobrecord_job_id_unique")
                ],
            },
        ),
    ]
