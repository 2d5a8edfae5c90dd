"""What the usual way of binding a tenant does: SET for the session first, the transaction afterwards."""

from tenants.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def due(self) -> list[str]:
        due = super().due()
        if not due or due[0] != "BEGIN" or "search_path" not in due[-1]:
            return due
        self.connection.execute(due[-1].replace(", True)", ", False)"))
        self._bound_to, self._proof = self.schema_name, ""
        return due[:-1]
