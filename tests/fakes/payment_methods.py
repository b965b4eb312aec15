"""What the members' stand-in answers about payments, notifications and webhooks."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema

from services.shared.contracts.members import notifications, payments, webhooks

METHODS: Final[dict[str, tuple[type[Schema], type[Schema]]]] = {
    "request_payment": (payments.RequestPayment, payments.Payment),
    "request_wallet_payment": (payments.RequestWalletPayment, payments.Payment),
    "request_own_payment": (payments.RequestOwnPayment, payments.Payment),
    "get_payment": (payments.PaymentCommand, payments.Payment),
    "list_payments": (payments.ListPayments, payments.PaymentPage),
    "list_own_payments": (payments.ListOwnPayments, payments.PaymentPage),
    "check_payment": (payments.CheckPayment, payments.Payment),
    "allocate_payment": (payments.AllocatePayment, payments.Payment),
    "record_payment_callback": (payments.RecordCallback, payments.CallbackTaken),
    "list_payment_callbacks": (payments.ListCallbacks, payments.CallbackPage),
    "list_notifications": (
        notifications.ListNotifications,
        notifications.NotificationPage,
    ),
    "create_webhook": (webhooks.CreateWebhook, webhooks.NewWebhook),
    "get_webhook": (webhooks.WebhookCommand, webhooks.Webhook),
    "list_webhooks": (webhooks.ListWebhooks, webhooks.WebhookPage),
    "disable_webhook": (webhooks.ChangeWebhook, webhooks.Webhook),
    "list_deliveries": (webhooks.ListDeliveries, webhooks.DeliveryPage),
    "get_delivery": (webhooks.DeliveryCommand, webhooks.DeliveryDetails),
    "send_again": (webhooks.SendAgain, webhooks.Delivery),
}
