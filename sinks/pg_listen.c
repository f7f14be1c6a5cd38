/* pg_listen.c - LISTEN is the setup of the connection; after that it only hears */
#include "sinks/pg_listen.h"

#include "base/buf.h"
#include "base/mem.h"
#include "sinks/pg_conn.h"

struct pg_listen {
	struct pg_conn *conn;
	pg_heard_fn *heard;
	void *context;
};

static void on_heard(void *context)
{
	const struct pg_listen *listen = context;

	listen->heard(listen->context);
}

/* nothing is ever asked */
static void on_result(void *context, const PGresult *result)
{
	(void)context;
	(void)result;
}

/* it connects again by itself */
static void on_lost(void *context, const struct error *error)
{
	(void)context;
	(void)error;
}

static const struct pg_conn_ops ops = {
	.ready = on_heard,
	.result = on_result,
	.lost = on_lost,
	.notified = on_heard,
};

struct pg_listen *pg_listen_new(struct event_base *base, const char *conninfo,
				const char *channel, pg_heard_fn *heard, void *context)
{
	struct pg_listen *listen = mem_calloc(1, sizeof(*listen));
	struct buf setup = { 0 };
	struct pg_conn_config config = { .conninfo = conninfo,
					 .ops = &ops,
					 .context = listen };

	buf_printf(&setup, "LISTEN %s", channel);
	buf_append_char(&setup, '\0');
	config.setup = setup.data;
	listen->heard = heard;
	listen->context = context;
	listen->conn = pg_conn_new(base, &config);
	buf_deinit(&setup);
	return listen;
}

void pg_listen_free(struct pg_listen **listen_ptr)
{
	struct pg_listen *listen = *listen_ptr;

	if (listen == NULL)
		return;
	pg_conn_free(&listen->conn);
	mem_free(listen);
	*listen_ptr = NULL;
}
