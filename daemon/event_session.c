/* event_session.c - makes and ends them in order */
#include "daemon/event_session.h"

#include <event2/event.h>
#include <stdlib.h>

#include "daemon/config.h"
#include "daemon/store.h"

#define WORDS_BYTES ((size_t)64 << 20)

void event_session_open(struct event_session *session, const struct config *config,
			const struct store *store)
{
	const struct pg_config pool = {
		.conninfo = store_conninfo(store),
		.connections_max = 1,
		.pending_max = 16,
		.query_ms_max = (unsigned)(config->database.query_timeout_us / 1000),
	};

	*session = (struct event_session){ .base = event_base_new() };
	if (session->base == NULL)
		abort(); /* out of memory */
	session->deps = (struct events_deps){
		.pool = pg_pool_new(session->base, &pool),
		.workers = query_workers_new(session->base, 1, 4),
		.words = words_cache_new(WORDS_BYTES),
		.blocks = block_cache_new(0), /* an export reads each block once */
		.limits = { config->query.time_us, (size_t)config->query.memory_bytes },
		.stats = &session->stats,
	};
}

void event_session_close(struct event_session *session)
{
	query_workers_free(&session->deps.workers);
	pg_pool_free(&session->deps.pool);
	event_base_free(session->base);
	words_cache_free(&session->deps.words);
	block_cache_free(&session->deps.blocks);
}
