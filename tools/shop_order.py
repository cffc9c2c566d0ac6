"""One order as WooCommerce's REST API (v3) writes it, reduced to what we use. Its client and the importer read this."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from tools.address import normal
from tools.fitted import shortened
from tools.orders import Item, OrderRecord, Parcel

CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
SHIPMENT_TRACKING = "_wc_shipment_tracking_items"  # where WooCommerce Shipment Tracking keeps its parcels


def _one_line(value: str) -> str:
    return CONTROL.sub(" ", value).strip()


def _dated(value: object) -> object:
    """WooCommerce writes no zone; an export with the shop's local `date_created` alone is read as if it were UTC."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("is not a date") from None  # without the value: it may be anything
    return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) and moment.tzinfo is None else moment


Line = Annotated[str, AfterValidator(_one_line)]
Moment = Annotated[AwareDatetime, BeforeValidator(_dated)]
Money = Annotated[str, Field(pattern=r"^-?\d{1,15}(\.\d{1,6})?$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


class _Billing(_Part):
    email: Annotated[str, Field(max_length=320), AfterValidator(normal)] = ""


class _LineItem(_Part):
    name: Annotated[Line, AfterValidator(lambda name: shortened(name, 500))]
    quantity: Annotated[int, Field(ge=0)]


class _ShippingLine(_Part):
    method_title: Annotated[Line, AfterValidator(lambda title: shortened(title, 120))] = ""


class _Tracking(_Part):
    carrier: Annotated[Line, Field(max_length=80)] = ""
    number: Annotated[Line, Field(min_length=1, max_length=80)]


class _Meta(_Part):
    key: str
    value: Any = None


class ShopOrder(_Part):
    """The payload of `GET /wp-json/wc/v3/orders`, one element. `tracking` is our own addition for imports."""

    number: Annotated[Line, Field(min_length=1, max_length=40)]
    status: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    date_created_gmt: Moment = Field(validation_alias=AliasChoices("date_created_gmt", "date_created"))
    total: Money
    billing: _Billing
    line_items: tuple[_LineItem, ...]
    shipping_lines: tuple[_ShippingLine, ...] = ()
    tracking: tuple[_Tracking, ...] = ()
    meta_data: tuple[_Meta, ...] = ()

    def record(self) -> OrderRecord:
        """What we keep of it."""
        return OrderRecord(
            number=self.number,
            email=self.billing.email,
            status=self.status,
            placed_at=self.date_created_gmt,
            total=self.total,
            currency=self.currency,
            shipping_method=self.shipping_lines[0].method_title if self.shipping_lines else "",
            items=tuple(Item(item.name, item.quantity) for item in self.line_items),
            tracking=tuple(Parcel(parcel.carrier, parcel.number) for parcel in self.tracking) or self._from_plugin(),
        )

    def _from_plugin(self) -> tuple[Parcel, ...]:
        values = [meta.value for meta in self.meta_data if meta.key == SHIPMENT_TRACKING]
        parcels = [
            parcel for value in values if isinstance(value, list) for parcel in value if isinstance(parcel, dict)
        ]
        return tuple(
            Parcel(_carrier(parcel), _one_line(str(parcel["tracking_number"]))[:80])
            for parcel in parcels
            if parcel.get("tracking_number")
        )


def _carrier(parcel: dict[str, Any]) -> str:
    name = parcel.get("tracking_provider") or parcel.get("custom_tracking_provider") or ""
    return _one_line(str(name))[:80]
