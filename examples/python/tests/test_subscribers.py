import unittest

import psycopg2.errors

from newsletter import subscribers
from tests.newsletter_case import NewsletterCase


class Subscribers(NewsletterCase):
    def test_a_subscription_counts_once_it_is_confirmed(self):
        _, token = subscribers.subscribe(self.postgres, "ada@example.org", "Ada Lovelace")
        self.assertFalse(subscribers.confirm(self.postgres, "ada@example.org", "not the token"))
        self.assertIsNone(self.value("SELECT confirmed FROM subscribers"))
        self.assertTrue(subscribers.confirm(self.postgres, "ADA@example.org", token))
        self.assertIsNotNone(self.value("SELECT confirmed FROM subscribers"))

    def test_the_token_itself_is_not_kept(self):
        _, token = subscribers.subscribe(self.postgres, "ada@example.org", "Ada Lovelace")
        self.assertNotIn(token, self.value("SELECT token_hash FROM subscribers"))

    def test_an_address_subscribes_once_in_whatever_case(self):
        subscribers.subscribe(self.postgres, "ada@example.org", "Ada Lovelace")
        with self.assertRaises(psycopg2.errors.UniqueViolation):
            subscribers.subscribe(self.postgres, "Ada@Example.ORG", "Somebody else")

    def test_names_are_found_in_spite_of_typing_errors(self):
        for email, name in [("a@x.org", "Ada Lovelace"), ("g@x.org", "Grace Hopper"), ("j@x.org", "Joan Clarke")]:
            subscribers.subscribe(self.postgres, email, name)
        self.assertEqual(subscribers.find(self.postgres, "Ada Lovelase"), ["Ada Lovelace"])
        self.assertEqual(subscribers.find(self.postgres, "Grase Hoper"), ["Grace Hopper"])

    def test_preferences(self):
        subscribers.subscribe(self.postgres, "ada@example.org", "Ada", format="plain", language="fr")
        self.assertEqual(subscribers.preference(self.postgres, "ada@example.org", "language"), "fr")
        self.assertIsNone(subscribers.preference(self.postgres, "ada@example.org", "colour"))

    def test_names_from_everywhere(self):
        name = "Þórunn Ångström 山田 🗞"
        subscribers.subscribe(self.postgres, "a@example.org", name)
        self.assertEqual(self.value("SELECT name FROM subscribers"), name)


if __name__ == "__main__":
    unittest.main()
