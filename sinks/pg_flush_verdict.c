/* pg_flush_verdict.c - SQLSTATEs by class; see appendix A of PostgreSQL's manual */
#include "sinks/pg_flush_verdict.h"

#include <stdio.h>
#include <string.h>

#include "base/compiler.h"

static const struct {
	const char *prefix;
	enum flush_verdict verdict;
} verdicts[] = {
	{ "SF001", FLUSH_VERDICT_GUARD },
	{ "40", FLUSH_VERDICT_AGAIN },    /* serialization failure, deadlock */
	{ "55P03", FLUSH_VERDICT_AGAIN }, /* lock not available */
	{ "21", FLUSH_VERDICT_DATA },     /* one key twice in an upsert */
	{ "22", FLUSH_VERDICT_DATA },     /* data exception */
	{ "23", FLUSH_VERDICT_DATA },     /* constraint violation */
	{ "54", FLUSH_VERDICT_DATA },     /* limits: a row too large for an index */
	{ "08", FLUSH_VERDICT_RECONNECT },
	{ "0A000", FLUSH_VERDICT_RECONNECT }, /* a cached plan's result changed */
	{ "25006",
	  FLUSH_VERDICT_RECONNECT }, /* read-only: a standby, after a failover */
	{ "26000", FLUSH_VERDICT_RECONNECT }, /* prepared statements are gone */
	{ "57P", FLUSH_VERDICT_RECONNECT },   /* shutting down, starting up */
};

enum flush_verdict flush_verdict_of(const char *sqlstate)
{
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++)
		if (strncmp(sqlstate, verdicts[i].prefix, strlen(verdicts[i].prefix)) ==
		    0)
			return verdicts[i].verdict;
	return FLUSH_VERDICT_WAIT;
}

void flush_refusal_note(struct flush_refusal *refusal, size_t unit,
			const char *sqlstate, const char *text)
{
	if (refusal->set)
		return;
	refusal->set = true;
	refusal->unit = unit;
	(void)snprintf(refusal->sqlstate, sizeof(refusal->sqlstate), "%s",
		       sqlstate == NULL ? "" : sqlstate); /* five characters */
	(void)snprintf(refusal->text, sizeof(refusal->text), "%s",
		       text == NULL ? "the connection broke" : text); /* cut */
}
