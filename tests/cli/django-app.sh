#!/bin/sh
# django-app.sh FOLDER: makes a Django project in FOLDER, as `django-admin startproject` makes it and unchanged. What is
# added stands beside it: settings that take the database from DATABASE_URL, an app.json, and tests of Django's own
# users, sessions and admin, each in a database of Django's making.
set -eu
folder=${1:?usage: django-app.sh FOLDER}
mkdir -p "$folder"
/usr/bin/python3 -m django startproject mysite "$folder"

cat >"$folder/dyno_settings.py" <<'PYTHON'
import os
from urllib.parse import urlsplit

from mysite.settings import *  # noqa: F401, F403

_url = urlsplit(os.environ["DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _url.hostname,
        "PORT": _url.port,
        "NAME": _url.path[1:],
        "USER": _url.username,
        "PASSWORD": _url.password,
    }
}
PYTHON

cat >"$folder/tests.py" <<'PYTHON'
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction
from django.test import TestCase, TransactionTestCase


class Users(TestCase):
    def test_the_database_is_postgres(self):
        self.assertEqual(connection.vendor, "postgresql")

    def test_a_user_logs_in_to_the_admin(self):
        User.objects.create_superuser("ada", "ada@example.org", "difference engine")
        self.assertEqual(self.client.get("/admin/").status_code, 302)
        form = {"username": "ada", "password": "difference engine", "next": "/admin/"}
        self.assertRedirects(self.client.post("/admin/login/", form), "/admin/")
        self.assertContains(self.client.get("/admin/auth/user/"), "ada@example.org")
        self.assertEqual(Session.objects.count(), 1)

    def test_names_are_unique(self):
        User.objects.create_user("ada")
        with self.assertRaises(IntegrityError), transaction.atomic():
            User.objects.create_user("ada")
        self.assertEqual(User.objects.count(), 1)


class Transactions(TransactionTestCase):
    def test_a_transaction_that_fails_leaves_nothing(self):
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            Group.objects.create(name="editors")
            1 / 0
        self.assertFalse(Group.objects.exists())
PYTHON

cat >"$folder/app.json" <<'JSON'
{
  "name": "mysite",
  "environments": {
    "test": {
      "addons": ["heroku-postgresql:in-dyno"],
      "env": { "DJANGO_SETTINGS_MODULE": "dyno_settings" },
      "scripts": {
        "test-setup": "python3 manage.py migrate --no-input",
        "test": "python3 manage.py test --no-input --parallel 2 --verbosity 2"
      }
    }
  }
}
JSON
