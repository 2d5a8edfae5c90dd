"""One product by the floor's statement, in a view of Django REST framework; then by Django's connection as well."""

from django.db import connection, transaction
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.floor import queries, views


class ByFramework(APIView):
    authentication_classes = ()
    permission_classes = ()

    def get(self, request, pk: int):
        schema = views.schema_of(request.get_host().partition(":")[0])
        return Response(views.shown(self.find(queries.one(schema), [views.caller(request, schema), pk])))

    def find(self, statement: str, values: list):
        return views.database().execute(statement.encode(), values).fetchone()


class InTransaction(ByFramework):
    def find(self, statement: str, values: list):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchone()


urlpatterns = [
    *views.urlpatterns,
    path("framework/<int:pk>/", ByFramework.as_view()),
    path("transaction/<int:pk>/", InTransaction.as_view()),
]
