/* pg_sending.c - copies statements and their parameters */
#include "sinks/pg_sending.h"

#include <string.h>

#include "base/mem.h"

void pg_sending_init(struct pg_sending *sending, const struct pg_statement *statement)
{
	const struct pg_param *params = statement->params;
	size_t count = statement->params_count;
	size_t bytes = 0;
	char *at = NULL;

	sending->sql = mem_strdup(statement->sql);
	sending->binary = statement->binary;
	for (size_t i = 0; i < count; i++)
		bytes += params[i].value.len + 1;
	sending->bytes = mem_alloc(bytes);
	sending->values = mem_calloc(count, sizeof(*sending->values));
	sending->lengths = mem_calloc(count, sizeof(*sending->lengths));
	sending->formats = mem_calloc(count, sizeof(*sending->formats));
	sending->params_count = (int)count;
	at = sending->bytes;
	for (size_t i = 0; i < count; i++) {
		struct slice value = params[i].value;

		if (value.ptr == NULL)
			continue;
		sending->values[i] = at;
		sending->lengths[i] = (int)value.len;
		sending->formats[i] = params[i].binary ? 1 : 0;
		memcpy(at, value.ptr, value.len);
		at[value.len] = '\0';
		at += value.len + 1;
	}
}

void pg_sending_deinit(struct pg_sending *sending)
{
	mem_free(sending->sql);
	mem_free(sending->bytes);
	mem_free(sending->values);
	mem_free(sending->lengths);
	mem_free(sending->formats);
}
