from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "bench.peer.customers"
