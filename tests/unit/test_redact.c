/* test_redact.c - what is taken out of a text, and what is left in it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/redact.h"
#include "base/compiler.h"

struct sample {
	const char *text;
	const char *want;
};

/* put together here, so that no scanner of sources takes them for real */
#define AWS                                                                            \
	"AKIA"                                                                         \
	"IOSFODNN7EXAMPLE"
#define LETTERS "abcdefghijklmnopqrstuvwxyz0123456789"

static const struct sample secrets[] = {
	{ "key " AWS " used", "key [REDACTED-aws-key-1] used" },
	{ "a " AWS " b " AWS, "a [REDACTED-aws-key-1] b [REDACTED-aws-key-1]" },
	{ "aws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab",
	  "aws_secret_access_key = [REDACTED-aws-secret-1]" },
	{ "push with ghp_" LETTERS " failed",
	  "push with [REDACTED-github-token-1] failed" },
	{ "job glpat-" LETTERS, "job [REDACTED-gitlab-token-1]" },
	{ "xoxb"
	  "-123456789012-abcdef",
	  "[REDACTED-slack-token-1]" },
	{ "POST https://hooks.slack.com/services/T0/B0/xyz 404",
	  "POST https://hooks.slack.com/services/[REDACTED-slack-hook-1] 404" },
	{ "sk_live"
	  "_abcdefghijklmnop declined",
	  "[REDACTED-stripe-key-1] declined" },
	{ "AIza"
	  "SyA1234567890abcdefghijklmnopqrstuv",
	  "[REDACTED-google-key-1]" },
	{ "using sk-"
	  "proj-" LETTERS,
	  "using [REDACTED-model-key-1]" },
	{ "npm_" LETTERS, "[REDACTED-registry-token-1]" },
	{ "sift_12_" LETTERS, "[REDACTED-siftd-key-1]" },
	{ "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sig-nature refused",
	  "jwt [REDACTED-jwt-1] refused" },
	{ "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- end",
	  "[REDACTED-private-key-1] end" },
	{ "-----BEGIN PRIVATE KEY-----\nMIIE cut off", "[REDACTED-private-key-1]" },
	{ "Authorization: Bearer abc.def",
	  "Authorization: Bearer [REDACTED-authorization-1]" },
	{ "authorization=\"Basic dXNlcjpwYXNz\"",
	  "authorization=\"Basic [REDACTED-authorization-1]\"" },
	{ "{\"Authorization\":\"Bearer abcdef\"}",
	  "{\"Authorization\":\"Bearer [REDACTED-authorization-1]\"}" },
	{ "Cookie: session=1; other=2", "Cookie: [REDACTED-cookie-1]" },
	{ "postgresql://app:hunter2@db/app",
	  "postgresql://app:[REDACTED-url-password-1]@db/app" },
	{ "redis://:hunter2@cache:6379",
	  "redis://:[REDACTED-url-password-1]@cache:6379" },
	{ "db_password=hunter2 retries=3",
	  "db_password=[REDACTED-password-1] retries=3" },
	{ "{\"password\": \"hunter2\"}", "{\"password\": \"[REDACTED-password-1]\"}" },
	{ "{\\\"password\\\":\\\"hunter2\\\"}",
	  "{\\\"password\\\":\\\"[REDACTED-password-1]\\\"}" },
	{ "X-Api-Key: 12345678", "X-Api-Key: [REDACTED-secret-1]" },
	{ "access_token=abcdefgh&x=1", "access_token=[REDACTED-token-1]&x=1" },
	{ "GET /a?X-Amz-Signature=0f3c&y=1",
	  "GET /a?X-Amz-Signature=[REDACTED-signature-1]&y=1" },
	{ "CREATE USER a IDENTIFIED BY 'hunter2'",
	  "CREATE USER a IDENTIFIED BY '[REDACTED-sql-password-1]'" },
	{ "hash $2b$12$KIXQ4yfN0n1bq8dJ0l1uOeabcdefghijklmnopqrstuvwxyzABCDE",
	  "hash [REDACTED-password-hash-1]" },
	{ "mail to jane.doe+x@shop.example.com bounced",
	  "mail to [REDACTED-email-1] bounced" },
	{ "card 4111 1111 1111 1111 declined", "card [REDACTED-card-1] declined" },
	{ "iban DE89 3704 0044 0532 0130 00", "iban [REDACTED-account-1]" },
	{ "ssn 078-05-1120.", "ssn [REDACTED-social-security-1]." },
};

static const char *const harmless[] = {
	"token expired for user 42",
	"password authentication failed for user \"app\"",
	"secret rotated",
	"GET /orders/4111111111111112 404", /* a wrong checksum */
	"order 1234-5678",
	"2026-11-22T21:00:00.123456Z pid=12345 took 1234567890123 ns",
	"commit 3b40959c0ffee0000000000000000000000000aa",
	"trace 4bf92f3577b34da6a3ce929d0e0e4736",
	"10.0.0.1:5432 -> fe80::1",
	"key not found: user:42",
	"",
};

static void check(struct redactor *redactor, struct redaction *redaction,
		  const char *text, const char *want)
{
	struct buf out = { 0 };

	redact(redactor, redaction, slice_str(text), &out);
	buf_append_char(&out, '\0');
	assert_string_equal(out.data, want);
	buf_deinit(&out);
}

static void test_secrets(void **state)
{
	struct redactor *redactor = redactor_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		struct redaction redaction = { 0 };

		check(redactor, &redaction, secrets[i].text, secrets[i].want);
		assert_true(redaction.count > 0);
	}
	redactor_free(&redactor);
}

static void test_harmless(void **state)
{
	struct redactor *redactor = redactor_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++) {
		struct redaction redaction = { 0 };

		check(redactor, &redaction, harmless[i], harmless[i]);
		assert_int_equal(redaction.count, 0);
	}
	redactor_free(&redactor);
}

/* a reader can tell which texts hold the same secret */
static void test_numbers_are_of_values(void **state)
{
	struct redactor *redactor = redactor_new();
	struct redaction redaction = { 0 };
	struct buf out = { 0 };

	(void)state;
	redact(redactor, &redaction, SLICE("password=one "), &out);
	redact(redactor, &redaction, SLICE("password=two "), &out);
	redact(redactor, &redaction, SLICE("pwd=one"), &out);
	buf_append_char(&out, '\0');
	assert_string_equal(out.data, "password=[REDACTED-password-1] "
				      "password=[REDACTED-password-2] "
				      "pwd=[REDACTED-password-1]");
	assert_int_equal(redaction.count, 3);
	buf_deinit(&out);
	redactor_free(&redactor);
}

/* what cannot be judged in bounded time goes nowhere */
static void test_a_text_that_is_too_dear_is_withheld(void **state)
{
	struct redactor *redactor = redactor_new();
	struct redaction redaction = { 0 };
	struct buf text = { 0 };
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < 200000; i++)
		buf_append_str(&text, "-----BEGIN PRIVATE KEY-----");
	buf_append_str(&text, " password=hunter2");
	redact(redactor, &redaction, buf_slice(&text), &out);
	buf_append_char(&out, '\0');
	assert_null(strstr(out.data, "hunter2"));
	buf_deinit(&text);
	buf_deinit(&out);
	redactor_free(&redactor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_harmless),
		cmocka_unit_test(test_numbers_are_of_values),
		cmocka_unit_test(test_a_text_that_is_too_dear_is_withheld),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
