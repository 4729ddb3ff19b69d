"""The whole surface. Flat, and before the admin: the resolver tries each pattern in turn."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from api import (
    batches,
    changes,
    docs,
    error_pages,
    failed_records,
    health,
    jobs,
    metrics,
    pending_children,
    records,
    schedules,
    sync,
    trackers,
    welcome,
)

urlpatterns: list[URLPattern] = [
    path("", welcome.welcome, name="welcome"),
    path("docs", docs.DocsView.as_view(), name="docs"),
    path("api/schema", docs.SchemaView.as_view(), name="schema"),
    path("api/v1/sync/start", sync.SyncStartView.as_view()),
    path("admin/sync", sync.AdminSyncView.as_view()),
    path("admin/sync/<str:job_id>", sync.AdminSyncJobView.as_view()),
    path("api/v1/jobs", jobs.JobsView.as_view()),
    path("api/v1/jobs/<str:job_id>", jobs.JobView.as_view()),
    path("api/v1/jobs/<str:job_id>/retry", jobs.JobRetryView.as_view()),
    path("api/v1/jobs/<str:job_id>/cancel", jobs.JobCancelView.as_view()),
    path("api/v1/jobs/<str:job_id>/resolve", jobs.JobResolveView.as_view()),
    path("api/v1/batches", batches.BatchesView.as_view()),
    path("api/v1/batches/<str:batch_id>", batches.BatchView.as_view()),
    path("api/v1/changes", changes.ChangesView.as_view()),
    path("api/v1/trackers", trackers.TrackersView.as_view()),
    path("api/v1/schedules", schedules.SchedulesView.as_view()),
    path("api/v1/failed-records", failed_records.FailedRecordsView.as_view()),
    path("api/v1/failed-records/<str:failed_id>", failed_records.FailedRecordView.as_view()),
    path("api/v1/failed-records/<str:failed_id>/retry", failed_records.FailedRecordRetryView.as_view()),
    path("api/v1/failed-records/<str:failed_id>/discard", failed_records.FailedRecordDiscardView.as_view()),
    path("api/v1/pending-children", pending_children.PendingChildrenView.as_view()),
    path("api/v1/health", health.HealthView.as_view()),
    path("api/v1/health/database", health.DatabaseHealthView.as_view()),
    path("api/v1/health/connector", health.ConnectorHealthView.as_view()),
    path("api/v1/health/smartplan", health.SmartplanHealthView.as_view()),
    path("api/v1/health/live", health.LiveView.as_view()),
    path("api/v1/health/ready", health.ReadyView.as_view()),
    path("metrics", metrics.MetricsView.as_view()),
    path("admin/metrics", metrics.AdminMetricsView.as_view()),
    # Every declared entity; last, because it takes whatever is left.
    re_path(r"^api/v1/(?P<rest>.+)$", records.RecordsView.as_view()),
    re_path(r"^api(?:/|$)", error_pages.not_found),
]
