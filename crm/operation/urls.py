"""URLs of the page of operation, which is one of the settings."""

from django.urls import path

from crm.notifications.dead_letters import Source
from crm.operation import views

urlpatterns = [
    path("", views.operation, name="operation"),
    path("clocks/retry/", views.retry, name="operation_retry_all"),
    path("clocks/<int:pk>/retry/", views.retry, name="operation_retry"),
    path("letters/send/", views.send_all_again, name="operation_send_all"),
    path(
        "letters/<int:pk>/send/",
        views.send_again,
        {"source": Source.LETTER},
        name="operation_send",
    ),
    path(
        "messages/<int:pk>/send/",
        views.send_again,
        {"source": Source.MESSAGE},
        name="operation_deliver",
    ),
]
