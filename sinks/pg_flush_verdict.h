/* pg_flush_verdict.h - what an SQLSTATE means for the flush
 *
 * Threads: any; pure.
 */
#ifndef SIFTD_SINKS_PG_FLUSH_VERDICT_H
#define SIFTD_SINKS_PG_FLUSH_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

enum flush_verdict {
	FLUSH_VERDICT_GUARD, /* positions are not where the batch began */
	FLUSH_VERDICT_DATA,  /* the same data will be refused again */
	FLUSH_VERDICT_AGAIN, /* two writers met: at once again */
	FLUSH_VERDICT_WAIT,  /* no room, no rights, no memory: again later */
	/* a server that takes no writes, or forgot our statements: another connection
	 */
	FLUSH_VERDICT_RECONNECT
};

enum flush_verdict flush_verdict_of(const char *sqlstate);

/* the first refusal of a transaction; what follows it is only its consequence */
struct flush_refusal {
	bool set;
	size_t unit; /* of the sender */
	char sqlstate[6];
	char text[256];
};

/* sqlstate and text may be NULL: errors that libpq made itself */
void flush_refusal_note(struct flush_refusal *refusal, size_t unit,
			const char *sqlstate, const char *text);

#endif
