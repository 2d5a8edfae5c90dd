"""The border of the API: values of exactly the declared types, and no field that is not declared."""

import copy
import re
from collections.abc import Mapping
from functools import cache

from django.db import models
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.texts import picture_address, plain_line

HIGHEST_KEY = 2**63 - 1
DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")


class TextField(serializers.CharField):
    """A string, where DRF would take a number for one."""

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class LineField(TextField):
    """One line without invisible characters."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.validators.append(plain_line)


@extend_schema_field({"type": "string", "maxLength": 255, "pattern": "^https://"})
class AddressField(LineField):
    """The address of a picture on the web."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.validators.append(picture_address)


class WholeNumberField(serializers.IntegerField):
    """A number, where DRF would take "5" and 5.0 for one."""

    def to_internal_value(self, data):
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return super().to_internal_value(data)


class KeyField(WholeNumberField):
    """The key of a row."""

    def __init__(self, **kwargs):
        super().__init__(min_value=1, max_value=HIGHEST_KEY, **kwargs)


@extend_schema_field({"type": "string", "format": "decimal", "pattern": r"^[0-9]{1,5}(\.[0-9]{1,2})?$"})
class AmountField(serializers.DecimalField):
    """An exact decimal as text, `"12.50"`: many readers of JSON make a binary fraction of a number."""

    default_error_messages = {"invalid": _('A decimal number in quotes is required, as in "12.50".')}

    def to_internal_value(self, data):
        if not isinstance(data, str) or not DECIMAL.fullmatch(data):
            self.fail("invalid")
        return super().to_internal_value(data) + 0  # minus zero is zero


class WordField(serializers.ChoiceField):
    """One of the words allowed."""

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


class YesNoField(serializers.BooleanField):
    """true or false, where DRF would take "on" and 1 as well."""

    def to_internal_value(self, data):
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictMixin(serializers.Serializer):
    """Refuses what it does not know, and what is read only: nothing that was sent is silently dropped."""

    default_error_messages = {
        "unknown": _("There is no such field."),
        "read_only": _("This field cannot be set."),
    }

    def to_internal_value(self, data):
        if isinstance(data, Mapping):
            self.refuse_undeclared(data)
        return super().to_internal_value(data)

    def refuse_undeclared(self, data: Mapping) -> None:
        errors = {}
        for name in data:
            field = self.fields.get(name)
            if field is None or field.read_only:
                code = "read_only" if field else "unknown"
                errors[name] = [serializers.ErrorDetail(self.error_messages[code], code)]
        if errors:
            raise serializers.ValidationError(errors)


class StrictSerializer(StrictMixin):
    pass


class StrictModelSerializer(StrictMixin, serializers.ModelSerializer):
    """Lengths, choices and validators are the model's. Uniqueness is the database's to find (409)."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.BigAutoField: KeyField,
        models.BooleanField: YesNoField,
        models.CharField: LineField,
        models.DecimalField: AmountField,
        models.PositiveIntegerField: WholeNumberField,
        models.TextField: TextField,
        models.URLField: AddressField,
    }
    serializer_choice_field = WordField

    def get_fields(self):
        """Copies, as DRF makes of declared fields. To work them out of the model took a fifth of a POST."""
        return copy.deepcopy(self.worked_out())

    @classmethod
    @cache
    def worked_out(cls):
        return super(StrictModelSerializer, cls()).get_fields()

    def get_validators(self):
        return []
