#!/bin/sh
# Prints a .env for docker-compose.yml with a fresh value for every secret.
# Usage: sh deploy/compose/new-env.sh > .env
set -eu
umask 077

secret() {
    # 32 random bytes as hex: safe inside a connection URL without escaping.
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

cat <<END
# Made $(date -u +%Y-%m-%d). Whoever reads this file can act as the hub: keep it private
# and keep a copy apart from the database's backups (deploy/runbooks/restore.md).
HUB_SECRET_KEY=$(secret)
# Only while it is changed (deploy/runbooks/key-rotation.md); empty otherwise.
HUB_SECRET_KEY_PREVIOUS=
POSTGRES_PASSWORD=$(secret)
MEMBERS_DATABASE_PASSWORD=$(secret)
LEDGER_DATABASE_PASSWORD=$(secret)
TRANSFERS_DATABASE_PASSWORD=$(secret)
KYC_DATABASE_PASSWORD=$(secret)
LOANS_DATABASE_PASSWORD=$(secret)
INSURANCE_DATABASE_PASSWORD=$(secret)
RABBITMQ_PASSWORD=$(secret)
HUB_OPERATOR_CLIENT_ID=operator
HUB_OPERATOR_CLIENT_SECRET=$(secret)
# Where the HTTP API is published on this host.
HUB_PUBLISH=127.0.0.1:8000
HUB_LOG_LEVEL=INFO
# Where people and the payment provider reach the hub.
HUB_PUBLIC_URL=http://127.0.0.1:8000
# The mail server as an smtp:// or smtps:// URL; e-mails wait while it is empty.
HUB_SMTP_URL=
HUB_MAIL_FROM=hub@localhost
# The iPaymu account that takes payments; no virtual accounts while it is empty.
HUB_IPAYMU_URL=
HUB_IPAYMU_VA=
HUB_IPAYMU_KEY=
# Who checks identities: verihubs or rest; none refuses checks.
HUB_KYC_VENDOR=none
HUB_KYC_URL=
HUB_KYC_APP_ID=
HUB_KYC_KEY=
HUB_KYC_REST_MAP=
# The insurers' API; loans without insurance only while it is empty.
HUB_INSURER_URL=
HUB_INSURER_KEY=
END
