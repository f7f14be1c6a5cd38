/* mutes.c - what nobody wants to hear of, for a time */
#include <stdlib.h>

#include "api/body.h"
#include "api/list.h"
#include "api/triage.h"

#define NAME_BYTES_MAX 512

#define WEEKDAYS "mon", "tue", "wed", "thu", "fri", "sat", "sun"
#define CLOCK_BYTES 5 /* HH:MM */
#define ZONE_BYTES_MAX 64

/* clang-format off */
#define MUTE_COLUMNS \
	"id, rule_id, group_id, service, host, " SQL_TIME_US("starts_at") ", " \
	SQL_TIME_US("ends_at") ", reason, " SQL_TIME_US("created_at") "," \
	" starts_at <= now() AND coalesce(ends_at > now(), true)," \
	" (SELECT json_agg(name ORDER BY place) FROM unnest(" \
	"   '{mon,tue,wed,thu,fri,sat,sun}'::text[]) WITH ORDINALITY AS d (name, place)" \
	"  WHERE repeat_days >> (place - 1)::integer & 1 = 1)," \
	" to_char(repeat_from, 'HH24:MI'), to_char(repeat_to, 'HH24:MI'), time_zone, " \
	SQL_TIME_US("repeat_until")
/* clang-format on */

static const struct column columns[] = {
	{ "id", COLUMN_INT },
	{ "rule", COLUMN_TEXT },
	{ "group", COLUMN_INT },
	{ "service", COLUMN_TEXT },
	{ "host", COLUMN_TEXT },
	{ "starts_at", COLUMN_TIME },
	{ "ends_at", COLUMN_TIME },
	{ "reason", COLUMN_TEXT },
	{ "created_at", COLUMN_TIME },
	{ "active", COLUMN_BOOL },
	{ "repeat_days", COLUMN_JSON },
	{ "repeat_from", COLUMN_TEXT },
	{ "repeat_to", COLUMN_TEXT },
	{ "time_zone", COLUMN_TEXT },
	{ "repeat_until", COLUMN_TIME },
};

static const struct list mute_list = {
	.sql = "SELECT " MUTE_COLUMNS " FROM siftd.mutes WHERE project_id = $1"
	       " AND coalesce(ends_at > now(), true) AND id < $2"
	       " ORDER BY id DESC LIMIT $3",
	.columns = columns,
	.columns_count = ARRAY_LEN(columns),
	.kind = 'm',
	.descending = true,
};

void mutes_list(struct request *request)
{
	struct db_call call = { .sql = mute_list.sql };

	db_add_int(request, &call, request->caller.project_id);
	list_run(request, &mute_list, &call);
}

/* a group must be one of the project; it is stored under the id that it has now. The
 * last column is there when no mute was made: whether the time zone is known */
static const char create_sql[] =
	"WITH zone AS MATERIALIZED (SELECT siftd.is_time_zone(coalesce($12, 'UTC')) AS ok),"
	" span AS MATERIALIZED (SELECT coalesce(to_timestamp($6::bigint / 1000000.0),"
	"   now()) AS since, to_timestamp($7::bigint / 1000000.0) AS ends_at,"
	"  to_timestamp($13::bigint / 1000000.0) AS until),"
	" times AS (SELECT since AS starts_at, ends_at FROM span WHERE $9::integer IS NULL"
	"  UNION ALL SELECT o.starts_at, o.ends_at FROM span JOIN zone ON ok CROSS JOIN"
	"   LATERAL siftd.next_occurrence($9::integer, $10::time, $11::time, $12, since,"
	"    until, now()) AS o WHERE $9::integer IS NOT NULL),"
	" made AS (INSERT INTO siftd.mutes (project_id, rule_id, group_id, service, host,"
	"  starts_at, ends_at, reason, user_id, repeat_days, repeat_from, repeat_to,"
	"  time_zone, repeat_until)"
	" SELECT $1, $2, siftd.find_group($1, $3::bigint, NULL), $4, $5,"
	"  starts_at, ends_at, coalesce($8, ''), $14, $9::integer, $10::time, $11::time,"
	"  $12, to_timestamp($13::bigint / 1000000.0)"
	" FROM times"
	" WHERE ($3::bigint IS NULL OR siftd.find_group($1, $3::bigint, NULL) IS NOT NULL)"
	"  AND (SELECT count(*) FROM siftd.mutes WHERE project_id = $1"
	"   AND coalesce(ends_at > now(), true)) < " MUTES_MAX
	" RETURNING " MUTE_COLUMNS
	") SELECT made.*, zone.ok FROM zone LEFT JOIN made ON true";

static void on_created(struct request *request, const struct pg_rows *rows)
{
	struct json_out out = json_out_init(&request->out);

	if (slice_equal(pg_rows_slice(rows, 0, ARRAY_LEN(columns)), SLICE("f"))) {
		request_problem_field(request, "time_zone",
				      "There is no such time zone.");
		return;
	}
	if (pg_rows_slice(rows, 0, 0).ptr == NULL) {
		request_problem_field(
			request, "group",
			"There is no such group, the project has " MUTES_MAX
			" mutes already, or it would never hold.");
		return;
	}
	json_object_begin(&out);
	columns_write(&out, rows, 0, columns, ARRAY_LEN(columns));
	json_object_end(&out);
	request_reply_json(request, 201);
}

/* both are numbers in text */
static bool is_after(struct slice a, struct slice b)
{
	if (a.ptr == NULL || b.ptr == NULL)
		return true;
	return strtoll(a.ptr, NULL, 10) > strtoll(b.ptr, NULL, 10);
}

struct mute {
	struct slice rule, service, host;
	int64_t group; /* 0: none is named */
	struct slice starts, ends;
	struct slice reason;
	struct repeat {
		unsigned days; /* 0: it does not repeat */
		struct slice from, to, zone, until;
	} repeat;
};

static bool is_digit_to(char c, char last)
{
	return c >= '0' && c <= last;
}

/* HH:MM of a day; ptr NULL when it is absent */
static struct slice read_clock(struct body *body, const char *field)
{
	struct slice text =
		body_string(body, field, (struct body_bounds){ 0, CLOCK_BYTES });
	const char *s = text.ptr;

	if (s != NULL && (text.len != CLOCK_BYTES || !is_digit_to(s[0], '2') ||
			  !is_digit_to(s[1], s[0] == '2' ? '3' : '9') || s[2] != ':' ||
			  !is_digit_to(s[3], '5') || !is_digit_to(s[4], '9')))
		body_complain(body, field, "must be a time of the day, HH:MM");
	return text;
}

static void read_repeat(struct body *body, struct repeat *out, bool has_end)
{
	static const char *const names[] = { WEEKDAYS, NULL };
	bool has_days = body_has(body, "repeat_days");

	if (has_days)
		out->days = body_words(body, "repeat_days", names);
	out->from = read_clock(body, "repeat_from");
	out->to = read_clock(body, "repeat_to");
	out->zone = body_string(body, "time_zone",
				(struct body_bounds){ 0, ZONE_BYTES_MAX });
	out->until = body_time(body, "repeat_until");
	if (out->from.ptr == NULL && out->to.ptr == NULL && !has_days) {
		if (out->zone.ptr != NULL || out->until.ptr != NULL)
			body_complain(body, "repeat_from", "is needed to repeat");
		return;
	}
	if (out->from.ptr == NULL)
		body_complain(body, "repeat_from", "is needed to repeat");
	if (out->to.ptr == NULL)
		body_complain(body, "repeat_to", "is needed to repeat");
	if (has_end)
		body_complain(body, "ends_at",
			      "does not go with repeat_from; see repeat_until");
	if (out->zone.ptr == NULL)
		out->zone = SLICE("UTC");
	if (!has_days)
		out->days = (1U << (ARRAY_LEN(names) - 1)) - 1;
}

/* false: it was answered */
static bool read_mute(struct request *request, struct mute *out)
{
	const struct body_bounds bounds = { 0, NAME_BYTES_MAX };
	struct body body = { 0 };

	if (!body_read(request, &body))
		return false;
	out->rule = body_string(&body, "rule", bounds);
	out->service = body_string(&body, "service", bounds);
	out->host = body_string(&body, "host", bounds);
	if (body_has(&body, "group"))
		out->group = body_id(&body, "group");
	out->starts = body_time(&body, "starts_at");
	out->ends = body_time(&body, "ends_at");
	out->reason = body_string(&body, "reason",
				  (struct body_bounds){ 0, TRIAGE_NOTE_MAX });
	read_repeat(&body, &out->repeat, out->ends.ptr != NULL);
	if (!is_after(out->ends, out->starts))
		body_complain(&body, "ends_at", "must be after starts_at");
	if (out->rule.ptr == NULL && out->service.ptr == NULL &&
	    out->host.ptr == NULL && !body_has(&body, "group") &&
	    out->ends.ptr == NULL && out->repeat.days == 0)
		body_complain(&body, "ends_at",
			      "is needed where no rule, group, service or host is "
			      "named");
	return body_done(&body);
}

void mutes_create(struct request *request)
{
	struct db_call call = { .sql = create_sql, .done = on_created };
	struct mute mute = { 0 };

	if (!read_mute(request, &mute))
		return;
	db_add_int(request, &call, request->caller.project_id);
	db_add_text(&call, mute.rule);
	if (mute.group > 0)
		db_add_int(request, &call, mute.group);
	else
		db_add_text(&call, (struct slice){ 0 });
	db_add_text(&call, mute.service);
	db_add_text(&call, mute.host);
	db_add_text(&call, mute.starts);
	db_add_text(&call, mute.ends);
	db_add_text(&call, mute.reason);
	if (mute.repeat.days > 0)
		db_add_int(request, &call, mute.repeat.days);
	else
		db_add_text(&call, (struct slice){ 0 });
	db_add_text(&call, mute.repeat.from);
	db_add_text(&call, mute.repeat.to);
	db_add_text(&call, mute.repeat.zone);
	db_add_text(&call, mute.repeat.until);
	db_add_int(request, &call, request->caller.user_id);
	db_run(request, &call);
}

void mutes_delete(struct request *request)
{
	struct db_call call = {
		.sql = "DELETE FROM siftd.mutes WHERE project_id = $1 AND id = $2",
	};
	int64_t id = 0;

	if (!query_id(route_param(&request->params, "mute"), &id)) {
		request_not_found(request, "mute");
		return;
	}
	db_add_int(request, &call, request->caller.project_id);
	db_add_int(request, &call, id);
	object_run_change(request, "mute", &call);
}
