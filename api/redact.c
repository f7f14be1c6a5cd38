/* redact.c - a table of patterns, one after the other over the text */
#include "api/redact.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/hash64.h"
#include "base/mem.h"

#define HEAP_KB_MAX 1024
#define GROUPS_MAX 2
#define PLACEHOLDER_BYTES 64

#define CARD_DIGITS_MIN 13
#define IBAN_MODULUS 97

typedef bool check_fn(struct slice text);

/* what is replaced is the first group, or all where there is none */
struct pattern {
	const char *kind;
	const char *text;
	check_fn *check; /* NULL: every match is one */
};

static check_fn is_card, is_account;

/* a value that was replaced already is none */
#define NOT_YET "(?!\\[REDACTED-)"
#define QUOTE "[\"'`]?"
#define EQUALS "\\\\?" QUOTE "\\s*[:=]\\s*\\\\?" QUOTE

static const struct pattern patterns[] = {
	{ "private-key",
	  "-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\\s\\S]*?"
	  "(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\\z)",
	  NULL },
	{ "jwt", "\\beyJ[\\w-]{8,}\\.[\\w-]{8,}(?:\\.[\\w-]*)?", NULL },
	{ "aws-key", "\\b(?:AKIA|ASIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA)[A-Z0-9]{16}\\b",
	  NULL },
	{ "aws-secret",
	  "(?i)aws.{0,20}?(?:secret|key)" EQUALS
	  "([A-Za-z0-9/+=]{40})(?![A-Za-z0-9/+=])",
	  NULL },
	{ "github-token", "\\b(?:gh[pousr]_\\w{36,}|github_pat_\\w{22,})", NULL },
	{ "gitlab-token", "\\bgl(?:pat|ptt|dt|rt|cbt|agent)-[\\w-]{20,}", NULL },
	{ "slack-token", "\\bxox[abeoprs]-[\\w-]{10,}|\\bxapp-[\\w-]{10,}", NULL },
	{ "slack-hook", "hooks\\.slack\\.com/(?:services|workflows)/([\\w/-]+)", NULL },
	{ "discord-hook", "discord(?:app)?\\.com/api/webhooks/([\\w/-]+)", NULL },
	{ "stripe-key", "\\b(?:[sr]k|whsec)_(?:live_|test_)?\\w{16,}", NULL },
	{ "google-key", "\\bAIza[\\w-]{35}", NULL },
	{ "google-token", "\\bya29\\.[\\w-]{20,}", NULL },
	{ "model-key",
	  "\\b(?:sk-(?:ant-|proj-|or-)?[\\w-]{20,}|gsk_\\w{20,}|hf_\\w{30,})", NULL },
	{ "twilio-key", "\\b(?:SK|AC)[0-9a-f]{32}\\b", NULL },
	{ "sendgrid-key", "\\bSG\\.[\\w-]{16,}\\.[\\w-]{16,}", NULL },
	{ "registry-token", "\\b(?:npm_\\w{36}|pypi-[\\w-]{32,}|dckr_pat_[\\w-]{20,})",
	  NULL },
	{ "cloud-token", "\\b(?:do[opr]_v1_[a-f0-9]{64}|hv[sbr]\\.[\\w-]{20,})", NULL },
	{ "siftd-key", "\\bsift_\\w+_[\\w-]{16,}|\\bsiftd_[A-Za-z0-9_-]{32}\\b", NULL },
	{ "telegram-token", "\\b\\d{8,10}:[\\w-]{35}\\b", NULL },
	{ "azure-key",
	  "(?i)(?:AccountKey|SharedAccessKey|SharedAccessSignature)=([^;\\s\"']{20,})",
	  NULL },
	{ "password-hash", "\\$(?:2[abxy]|argon2(?:id|i|d)|[156y])\\$[\\w./$=,+-]{20,}",
	  NULL },
	{ "authorization",
	  "(?i)\\b(?:proxy-)?authorization" EQUALS
	  "(?:(?:bearer|basic|digest|token|negotiate|apikey)\\s+)?" NOT_YET
	  "([^\\s\"',;]{4,})",
	  NULL },
	{ "bearer", "(?i)\\bbearer\\s+" NOT_YET "([\\w.~+/=-]{12,})", NULL },
	{ "cookie", "(?i)\\b(?:set-)?cookie" EQUALS NOT_YET "([^\\r\\n\"']{4,})",
	  NULL },
	{ "url-password", "\\b[a-zA-Z][\\w+.-]*://[^\\s/:@]*:" NOT_YET "([^\\s/@]+)@",
	  NULL },
	{ "signature",
	  "(?i)[?&](?:sig|signature|x-amz-signature|x-amz-security-token|"
	  "x-goog-signature)=" NOT_YET "([^&\\s\"']+)",
	  NULL },
	{ "sql-password", "(?i)\\bidentified\\s+by\\s+(?:password\\s+)?['\"]([^'\"]+)",
	  NULL },
	/* names of settings; a word such as "token expired" is none */
	{ "password",
	  "(?i)[\\w.-]{0,40}(?:password|passwd|passphrase|pwd|credentials?)" EQUALS
		  NOT_YET "([^\\s\"'`,;&)}\\]\\\\]{2,})",
	  NULL },
	{ "secret",
	  "(?i)[\\w.-]{0,40}(?:secret|api[_-]?key|access[_-]?key|private[_-]?key|"
	  "account[_-]?key|encryption[_-]?key)" EQUALS NOT_YET
	  "([^\\s\"'`,;&)}\\]\\\\]{4,})",
	  NULL },
	{ "token",
	  "(?i)[\\w.-]{0,40}(?:token|session[_-]?id|sid|otp|nonce)" EQUALS NOT_YET
	  "([^\\s\"'`,;&)}\\]\\\\]{6,})",
	  NULL },
	{ "email", "\\b[\\w.+%-]{1,64}@(?:[A-Za-z0-9-]{1,63}\\.)+[A-Za-z]{2,24}\\b",
	  NULL },
	{ "card", "(?<![\\w.-])\\d(?:[ -]?\\d){12,18}(?![\\w-])", is_card },
	{ "account", "\\b[A-Z]{2}\\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\\b",
	  is_account },
	{ "social-security", "(?<![\\w.-])\\d{3}-\\d{2}-\\d{4}(?![\\w-])", NULL },
};

struct redactor {
	pcre2_code *codes[ARRAY_LEN(patterns)];
	pcre2_match_data *data;
	pcre2_match_context *limits;
	struct buf from, to;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* the digits' checksum, ISO/IEC 7812-1 annex B */
static bool is_card(struct slice text)
{
	unsigned sum = 0;
	unsigned digits = 0;

	for (size_t i = text.len; i-- > 0;) {
		unsigned digit = (unsigned)(text.ptr[i] - '0');

		if (!is_digit(text.ptr[i]))
			continue;
		if (digits++ % 2 == 1)
			digit = digit < 5 ? 2 * digit : 2 * digit - 9;
		sum += digit;
	}
	return digits >= CARD_DIGITS_MIN && sum % 10 == 0;
}

/* ISO 7064 MOD 97-10: the first four characters count last, letters from 10 on */
static bool is_account(struct slice text)
{
	unsigned rest = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[(i + 4) % text.len];

		if (is_digit(c))
			rest = (rest * 10 + (unsigned)(c - '0')) % IBAN_MODULUS;
		else if (c != ' ')
			rest = (rest * 100 + (unsigned)(c - 'A') + 10) % IBAN_MODULUS;
	}
	return rest == 1;
}

static pcre2_code *compile(const struct pattern *pattern)
{
	int error = 0;
	PCRE2_SIZE at = 0;
	pcre2_code *code =
		pcre2_compile((PCRE2_SPTR)pattern->text, PCRE2_ZERO_TERMINATED,
			      PCRE2_NEVER_BACKSLASH_C, &error, &at, NULL);

	if (code == NULL)
		abort(); /* our own bug, or out of memory */
	/* where memory may not become code, matching is interpreted: the same, slower
	 */
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	return code;
}

struct redactor *redactor_new(void)
{
	struct redactor *redactor = mem_calloc(1, sizeof(*redactor));

	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		redactor->codes[i] = compile(&patterns[i]);
	redactor->data = pcre2_match_data_create(GROUPS_MAX, NULL);
	redactor->limits = pcre2_match_context_create(NULL);
	if (redactor->data == NULL || redactor->limits == NULL)
		abort(); /* out of memory */
	(void)pcre2_set_match_limit(redactor->limits, REDACT_STEPS_MAX); /* 0 */
	(void)pcre2_set_heap_limit(redactor->limits, HEAP_KB_MAX);       /* 0 */
	return redactor;
}

void redactor_free(struct redactor **redactor_ptr)
{
	struct redactor *redactor = *redactor_ptr;

	if (redactor == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		pcre2_code_free(redactor->codes[i]);
	pcre2_match_data_free(redactor->data);
	pcre2_match_context_free(redactor->limits);
	buf_deinit(&redactor->from);
	buf_deinit(&redactor->to);
	mem_free(redactor);
	*redactor_ptr = NULL;
}

/* 1 and on; 0: too many */
static size_t number_of(struct redaction *redaction, struct slice value)
{
	uint64_t hash = hash64(value, 0);

	for (size_t i = 0; i < redaction->values_count; i++) {
		if (redaction->values[i] == hash)
			return i + 1;
	}
	if (redaction->values_count == REDACT_VALUES_MAX)
		return 0;
	redaction->values[redaction->values_count++] = hash;
	return redaction->values_count;
}

static void append_placeholder(struct redaction *redaction, const char *kind,
			       struct slice value, struct buf *out)
{
	char text[PLACEHOLDER_BYTES];
	/* kinds are short, and 20 digits hold any number */
	int len = snprintf(text, sizeof(text), "[REDACTED-%s-%zu]", kind,
			   number_of(redaction, value));

	buf_append(out, text, (size_t)len);
	redaction->count++;
}

/* from redactor->from to redactor->to; false: a limit was reached */
static bool pass(struct redactor *redactor, struct redaction *redaction, size_t index)
{
	const struct pattern *pattern = &patterns[index];
	struct slice text = buf_slice(&redactor->from);
	size_t copied = 0;
	size_t at = 0;

	buf_clear(&redactor->to);
	while (at < text.len) {
		const PCRE2_SIZE *places = pcre2_get_ovector_pointer(redactor->data);
		int found =
			pcre2_match(redactor->codes[index], (PCRE2_SPTR)text.ptr,
				    text.len, at, 0, redactor->data, redactor->limits);
		struct slice value = { 0 };
		size_t begin = 0;

		if (found == PCRE2_ERROR_NOMATCH)
			break;
		if (found < 0)
			return false;
		begin = found > 1 ? places[2] : places[0];
		value = slice_of(text.ptr + begin,
				 (found > 1 ? places[3] : places[1]) - begin);
		at = places[1] > at ? places[1] : at + 1;
		if (value.len == 0 ||
		    (pattern->check != NULL && !pattern->check(value)))
			continue;
		buf_append(&redactor->to, text.ptr + copied, begin - copied);
		append_placeholder(redaction, pattern->kind, value, &redactor->to);
		copied = begin + value.len;
	}
	buf_append(&redactor->to, text.ptr + copied, text.len - copied);
	return true;
}

void redact(struct redactor *redactor, struct redaction *redaction, struct slice text,
	    struct buf *out)
{
	if (text.len == 0)
		return;
	buf_clear(&redactor->from);
	buf_append_slice(&redactor->from, text);
	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		struct buf swap = redactor->from;

		if (!pass(redactor, redaction, i)) {
			redaction->count++;
			buf_append_str(out, REDACT_WITHHELD);
			return;
		}
		redactor->from = redactor->to;
		redactor->to = swap;
	}
	buf_append_slice(out, buf_slice(&redactor->from));
}
