/* test_upkeep.c - the steps of sinks/migrations/0010_upkeep.sql */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/compiler.h"
#include "pg_fixture.h"
#include "random_numbers.h"

#define STEPS_MAX 10000

static struct pg_fixture fixture;

static int64_t number(const char *sql)
{
	return pg_fixture_int(&fixture, sql);
}

static void run(const char *sql)
{
	pg_fixture_exec(&fixture, sql);
}

/* the project, its first and its second ingestion */
static struct {
	int64_t project, first, second;
} ids;

/* an ingestion with that many blocks and minutes */
static const char fill_sql[] =
	"CREATE FUNCTION siftd.fill(p bigint, i bigint, events integer) RETURNS void"
	" LANGUAGE sql AS $$"
	" INSERT INTO siftd.event_blocks SELECT p, i, i * 1000000 + n * 10, 10,"
	" (now() AT TIME ZONE 'UTC')::date, NULL, NULL, 10, 1, '{10,0,0,0,0,0,0,0}', '{1}',"
	" 'm', 'b', '' FROM generate_series(1, events) AS n;"
	"INSERT INTO siftd.group_counts SELECT p, i, n % 7, n, 1, '', 1"
	" FROM generate_series(1, events) AS n;"
	"INSERT INTO siftd.group_stats SELECT p, i, k, 1, 0, 0, 1, ''"
	" FROM generate_series(0, 6) AS k;"
	"SELECT siftd.recount_groups(p, NULL);"
	"INSERT INTO siftd.finding_templates SELECT p, f.id, i, k, 2, 0, 0"
	" FROM siftd.findings AS f, generate_series(0, 6) AS k WHERE f.project_id = p;"
	"UPDATE siftd.findings SET total = total + 14 WHERE project_id = p;"
	"INSERT INTO siftd.evidence SELECT p, f.id, i, k, 0, 1, 0, ''"
	" FROM siftd.findings AS f, generate_series(0, 6) AS k WHERE f.project_id = p $$;"
	"CREATE FUNCTION siftd.fill_project(p bigint) RETURNS void LANGUAGE sql AS $$"
	" INSERT INTO siftd.ingestions (project_id, name, source_type)"
	" VALUES (p, 'a', 'push'), (p, 'b', 'push');"
	"INSERT INTO siftd.findings (project_id, rule_id, key, title, severity, confidence,"
	" status, first_us, last_us, total)"
	" VALUES (p, 'r', '', 't', 1, 1, 'open', 0, 0, 0);"
	"INSERT INTO siftd.groups (project_id, root_key)"
	" SELECT p, k FROM generate_series(-3, 3) AS k;"
	/* keys of the random counts below, too */
	"INSERT INTO siftd.templates (project_id, key, group_id, root_key, generalised,"
	" tokens, text, sample, reason) SELECT p, k, g.id, g.root_key, false, 't', 't',"
	" 's', 'r' FROM generate_series(-20, 19) AS k JOIN siftd.groups AS g"
	" ON g.project_id = p AND g.root_key = k % 4;"
	"SELECT siftd.fill(p, min(id), 300) FROM siftd.ingestions WHERE project_id = p;"
	"SELECT siftd.fill(p, max(id), 40) FROM siftd.ingestions WHERE project_id = p; $$";

static int fill(void **state)
{
	(void)state;
	run("DELETE FROM siftd.deletions; DELETE FROM siftd.projects;"
	    "DELETE FROM siftd.deletions;"
	    "DELETE FROM siftd.group_totals; DELETE FROM siftd.group_times;"
	    "DELETE FROM siftd.group_heads;"
	    "INSERT INTO siftd.organisations (name) VALUES ('o');"
	    "INSERT INTO siftd.projects (organisation_id, name)"
	    " SELECT max(id), 'p' FROM siftd.organisations;"
	    "SELECT siftd.fill_project(max(id)) FROM siftd.projects");
	ids.project = number("SELECT max(id) FROM siftd.projects");
	ids.first = number("SELECT min(id) FROM siftd.ingestions");
	ids.second = number("SELECT max(id) FROM siftd.ingestions");
	return 0;
}

static const char *const tables[] = { "event_blocks",      "group_counts",
				      "group_heads",       "group_totals",
				      "group_times",       "group_stats",
				      "finding_templates", "evidence" };

static int64_t rows_of(const char *table, const char *column, int64_t id)
{
	char sql[200];

	(void)snprintf(sql, sizeof(sql),
		       "SELECT count(*) FROM siftd.%s WHERE %s = %lld", table, column,
		       (long long)id);
	return number(sql);
}

/* until nothing is left; kills the server once on the way */
static int remove_all(int kill_after)
{
	int steps = 0;

	while (number("SELECT siftd.removal_step(100, 16)") > 0) {
		assert_true(++steps < STEPS_MAX);
		if (steps == kill_after)
			pg_fixture_crash(&fixture);
	}
	return steps;
}

static void removes_an_ingestion(void **state)
{
	char sql[100];

	(void)state;
	(void)snprintf(sql, sizeof(sql), "DELETE FROM siftd.ingestions WHERE id = %lld",
		       (long long)ids.first);
	run(sql);
	assert_int_equal(number("SELECT count(*) FROM siftd.deletions"), 1);
	assert_int_equal(rows_of("event_blocks", "ingestion_id", ids.first), 300);
	assert_true(remove_all(3) > 300 / 16);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		assert_int_equal(rows_of(tables[i], "ingestion_id", ids.first), 0);
		assert_true(rows_of(tables[i], "ingestion_id", ids.second) > 0);
	}
	assert_int_equal(number("SELECT count(*) FROM siftd.deletions"), 0);
	assert_int_equal(number("SELECT total FROM siftd.findings"), 14);
}

static void removes_a_project(void **state)
{
	(void)state;
	run("DELETE FROM siftd.organisations");
	assert_int_equal(number("SELECT count(*) FROM siftd.ingestions"), 0);
	assert_int_equal(rows_of("projects", "id", ids.project), 1);
	assert_true(remove_all(5) > 340 / 16);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		assert_int_equal(rows_of(tables[i], "project_id", ids.project), 0);
	assert_int_equal(number("SELECT count(*) FROM siftd.findings"), 0);
	assert_int_equal(number("SELECT count(*) FROM siftd.projects"), 0);
}

static void drops_days(void **state)
{
	(void)state;
	run("SELECT siftd.make_day_partition((now() AT TIME ZONE 'UTC')::date - d)"
	    " FROM generate_series(0, 9) AS d;"
	    "INSERT INTO siftd.event_blocks SELECT project_id, ingestion_id,"
	    " first_seq + 500000 + d, event_count, received_day - d, ts_min, ts_max,"
	    " without_ts, raw_bytes, severities, template_keys, meta, body, words"
	    " FROM siftd.event_blocks, generate_series(1, 9) AS d"
	    " WHERE first_seq % 100 = 0");
	assert_int_equal(number("SELECT count(siftd.drop_day(0, 0))"), 0);
	/* eight and nine days old */
	assert_int_equal(number("SELECT count(siftd.drop_day(7, 0))"), 1);
	assert_int_equal(number("SELECT count(siftd.drop_day(7, 0))"), 1);
	assert_int_equal(number("SELECT count(siftd.drop_day(7, 0))"), 0);
	assert_int_equal(number("SELECT count(*) FROM siftd.day_partitions()"), 8);
	/* by size: all but the current day */
	for (int i = 0; i < 7; i++)
		assert_int_equal(number("SELECT count(siftd.drop_day(0, 1))"), 1);
	assert_int_equal(number("SELECT count(siftd.drop_day(0, 1))"), 0);
	assert_int_equal(number("SELECT count(*) FROM siftd.event_blocks"), 340);
}

static void expires_blocks_of_a_project(void **state)
{
	(void)state;
	run("UPDATE siftd.event_blocks SET received_day = received_day - 3"
	    " WHERE first_seq % 20 = 0; UPDATE siftd.projects SET retention_days = 2");
	assert_int_equal(number("SELECT siftd.expire_blocks(0, 100)"), 100);
	assert_int_equal(number("SELECT siftd.expire_blocks(0, 100)"), 70);
	assert_int_equal(number("SELECT siftd.expire_blocks(0, 100)"), 0);
	/* meta and body of these rows take two bytes each */
	run("UPDATE siftd.projects SET retention_bytes = 500");
	while (number("SELECT siftd.expire_blocks(0, 100)") > 0)
		continue;
	assert_true(number("SELECT sum(pg_column_size(meta) + pg_column_size(body) +"
			   " pg_column_size(words)) FROM siftd.event_blocks") <= 500);
	assert_true(number("SELECT count(*) FROM siftd.event_blocks") > 50);
}

/* what every answer is made of, at a width in minutes: one number for all of it */
static int64_t digest(int width)
{
	char sql[600];

	(void)snprintf(
		sql, sizeof(sql),
		"SELECT ('x' || left(md5(string_agg(line, ';' ORDER BY line)), 15))"
		"::bit(60)::bigint FROM (SELECT concat_ws(',', template_key,"
		" ingestion_id, severity, service, siftd.floor_minute(minute, %d),"
		" sum(count)) AS line FROM siftd.group_counts GROUP BY template_key,"
		" ingestion_id, severity, service, siftd.floor_minute(minute, %d))"
		" AS lines",
		width, width);
	return number(sql);
}

#define MINUTE_NOW 29000000

static void add_counts(int rows)
{
	char sql[900];

	(void)snprintf(
		sql, sizeof(sql),
		"INSERT INTO siftd.group_count_parts (project_id, ingestion_id, template_keys,"
		" minutes, severities, services, counts) SELECT %lld, i, array_agg(t),"
		" array_agg(m), array_agg(s), array_agg(v), array_agg(n) FROM"
		" (SELECT %lld + floor(random() * 2)::bigint, floor(random() * 40)::bigint - 20,"
		" CASE floor(random() * 50)::integer WHEN 0 THEN -2147483648"
		"  WHEN 1 THEN -1 - floor(random() * 10000)::integer"
		"  ELSE %d - floor(random() * random() * 300000)::integer END,"
		" floor(random() * 3)::smallint, (ARRAY['', 'a', 'b'])[1 + floor(random() * 3)],"
		" 1 + floor(random() * 9)::integer FROM generate_series(1, %d))"
		" AS r (i, t, m, s, v, n) GROUP BY i; SELECT siftd.fold_counts('{%lld}')",
		(long long)ids.project, (long long)ids.first, MINUTE_NOW, rows,
		(long long)ids.project);
	run(sql);
}

#define DIFFERENCE(a, b)                                                               \
	"SELECT count(*) FROM ((" a " EXCEPT " b ") UNION ALL (" b " EXCEPT " a        \
	")) AS d"

/* what a page of groups is made of says what the counts by minute say */
static void assert_groups_agree(int width)
{
	char sql[1000];

	assert_int_equal(
		number(DIFFERENCE(
			"SELECT c.project_id, t.group_id, c.ingestion_id, c.severity,"
			" c.service, sum(c.count) FROM siftd.group_counts AS c"
			" JOIN siftd.templates AS t ON t.project_id = c.project_id"
			" AND t.key = c.template_key GROUP BY 1, 2, 3, 4, 5",
			"SELECT project_id, group_id, ingestion_id, severity, service,"
			" count FROM siftd.group_totals")),
		0);
	(void)snprintf(
		sql, sizeof(sql),
		DIFFERENCE("SELECT c.project_id, t.group_id, c.ingestion_id,"
			   " siftd.begin_of(c.minute, %d), sum(c.count)"
			   " FROM siftd.group_counts AS c JOIN siftd.templates AS t"
			   " ON t.project_id = c.project_id AND t.key = c.template_key"
			   " GROUP BY 1, 2, 3, 4",
			   "SELECT project_id, group_id, ingestion_id,"
			   " siftd.begin_of(begin, %d), sum(count)"
			   " FROM siftd.group_times WHERE width = 360"
			   " GROUP BY 1, 2, 3, 4"),
		width, width, width, width);
	assert_int_equal(number(sql), 0);
}

/* each width says the same, and hours know their minutes; from so many minutes before
 * the last ones of a group in an ingestion on */
static void assert_times_agree(int width, int age)
{
	char sql[1400];

	(void)snprintf(
		sql, sizeof(sql),
		"WITH counted AS (SELECT t.group_id, c.ingestion_id,"
		"  siftd.begin_of(c.minute, %d) AS begin, sum(c.count) AS n,"
		"  count(DISTINCT c.minute) AS minutes"
		"  FROM siftd.group_counts AS c JOIN siftd.templates AS t"
		"  ON t.project_id = c.project_id AND t.key = c.template_key GROUP BY 1, 2, 3),"
		" told AS (SELECT group_id, ingestion_id, begin, count,"
		"  bit_count(minutes::bit(64)) AS minutes"
		"  FROM siftd.group_times WHERE width = %d)"
		" SELECT count(*) FROM counted AS c FULL JOIN told AS t"
		" ON t.group_id = c.group_id AND t.ingestion_id = c.ingestion_id"
		" AND t.begin = c.begin WHERE (c.n IS DISTINCT FROM t.count"
		" OR %d = 60 AND c.minutes <> t.minutes)"
		" AND c.begin >= (SELECT max(begin)::bigint - %d FROM siftd.group_times AS x"
		"  WHERE x.group_id = c.group_id AND x.ingestion_id = c.ingestion_id)",
		width, width, width, age);
	assert_int_equal(number(sql), 0);
}

/* templates of one group go to another, all or some of them */
static void move_templates(bool all)
{
	char sql[300];

	(void)snprintf(
		sql, sizeof(sql),
		"UPDATE siftd.templates SET group_id = (SELECT id FROM siftd.groups"
		" WHERE root_key = %d) WHERE group_id = (SELECT id FROM siftd.groups"
		" WHERE root_key = %d) AND (%s OR key %% 3 = 0)",
		(int)random_below(4), (int)random_below(4), all ? "true" : "false");
	run(sql);
}

/* one sweep with these ages in minutes */
static void sweep(int hours_after, int days_after)
{
	char sql[800];
	int hours = MINUTE_NOW - hours_after;
	int days = MINUTE_NOW - days_after;

	(void)snprintf(
		sql, sizeof(sql),
		"DO $$ DECLARE p bigint; t bigint; s record; BEGIN"
		" LOOP SELECT * INTO s FROM siftd.sweep_counts(p, t, 7, %d, %d, NULL);"
		" EXIT WHEN s.done; p := s.project; t := s.template; END LOOP; END $$",
		hours - hours % 60, days - days % 1440);
	run(sql);
}

/* whenever counts were rolled up, and how often: answers by day are the same, and those
 * by hour as far back as hours are kept */
static void rolls_up(void **state)
{
	(void)state;
	run("DELETE FROM siftd.group_counts; DELETE FROM siftd.group_totals;"
	    "DELETE FROM siftd.group_times; SELECT setseed(0.25)");
	for (int round = 0; round < 12; round++) {
		int days_after = 20000 + (int)random_below(200000);
		int hours_after = (int)random_below((uint64_t)days_after);
		int64_t by_day = 0;
		int64_t by_hour = 0;
		bool hours_too = random_below(2) == 0;

		add_counts(400);
		by_day = digest(1440);
		by_hour = digest(60);
		assert_groups_agree(1440);
		sweep(hours_after, hours_too ? 2000000000 : days_after);
		assert_int_equal(digest(1440), by_day);
		assert_groups_agree(1440);
		move_templates(hours_too);
		assert_groups_agree(1440);
		if (hours_too)
			assert_int_equal(digest(60), by_hour);
	}
	/* nothing is left to do */
	sweep(0, 0);
	assert_int_equal(number("SELECT count(*) FROM siftd.group_counts"
				" WHERE minute % 1440 <> 0 AND minute > -2147483648"
				" AND minute < 29000000 - 1440"),
			 0);
}

/* what is told of groups follows their templates, and narrow times are kept for a while
 */
static void groups_follow_templates(void **state)
{
	static const struct {
		int width, kept;
	} widths[] = { { 10, 1440 }, { 60, 20160 }, { 360, 2000000000 } };

	(void)state;
	run("DELETE FROM siftd.group_counts; DELETE FROM siftd.group_totals;"
	    "DELETE FROM siftd.group_times; SELECT setseed(0.5)");
	for (int round = 0; round < 8; round++) {
		add_counts(300);
		if (round % 2 == 1)
			move_templates(round % 4 == 1);
		assert_groups_agree(360);
		for (size_t i = 0; i < ARRAY_LEN(widths); i++)
			assert_times_agree(widths[i].width,
					   round < 7 ? 2000000000 : widths[i].kept);
		if (round == 6)
			sweep(2000000000, 2000000000);
	}
	sweep(2000000000, 2000000000);
	assert_int_equal(
		number("SELECT count(*) FROM siftd.group_times AS t WHERE width = 10"
		       " AND begin > 0 AND begin < (SELECT max(begin) - 1460"
		       "  FROM siftd.group_times AS x WHERE x.group_id = t.group_id"
		       "  AND x.ingestion_id = t.ingestion_id)"),
		0);
}

static void add_part(const char *age)
{
	char sql[500];

	(void)snprintf(
		sql, sizeof(sql),
		"INSERT INTO siftd.group_count_parts (project_id, ingestion_id, template_keys,"
		" minutes, severities, services, counts, created_at) VALUES (%lld, %lld,"
		" '{1,1,2}', '{100,100,101}', '{3,3,4}', '{a,a,b}', '{2,3,7}',"
		" now() - interval '%s')",
		(long long)ids.project, (long long)ids.first, age);
	run(sql);
}

/* what a killed process left counts without a further event of its project */
static void folds_left_counts(void **state)
{
	static const char fold[] = "SELECT siftd.fold_left_counts(20)";

	(void)state;
	run("DELETE FROM siftd.group_counts; DELETE FROM siftd.scope_counts");
	add_part("19 seconds");
	assert_int_equal(number(fold), 0);
	add_part("1 minute");
	/* the young one goes along */
	assert_int_equal(number(fold), 2);
	assert_int_equal(number(fold), 0);
	assert_int_equal(number("SELECT count(*) FROM siftd.group_count_parts"), 0);
	assert_int_equal(
		number("SELECT count FROM siftd.group_counts"
		       " WHERE template_key = 1 AND minute = 100 AND severity = 3"),
		10);
	assert_int_equal(number("SELECT sum(count) FROM siftd.group_counts"), 24);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
			number(i == 0 ? "SELECT sum(count) FROM siftd.scope_counts"
					" WHERE width = 60"
				      : "SELECT sum(count) FROM siftd.scope_counts"
					" WHERE width = -60 AND service = ''"),
			24);
}

static void forgets_counts(void **state)
{
	(void)state;
	run("UPDATE siftd.group_stats AS s SET count = (SELECT sum(count)"
	    " FROM siftd.group_counts AS c WHERE c.ingestion_id = s.ingestion_id"
	    " AND c.template_key = s.template_key), last_us = 400 * 60000000::bigint;"
	    "SELECT siftd.recount_groups(id, NULL) FROM siftd.projects");
	run("DO $$ DECLARE p bigint; t bigint; s record; BEGIN LOOP SELECT * INTO s FROM"
	    " siftd.sweep_counts(p, t, 3, 0, 0, 35); EXIT WHEN s.done;"
	    " p := s.project; t := s.template; END LOOP; END $$");
	/* minutes 35 to 300, and 35 to 40 */
	assert_int_equal(number("SELECT sum(count) FROM siftd.group_counts"), 272);
	assert_int_equal(number("SELECT sum(count) FROM siftd.group_stats"), 272);
	assert_int_equal(number("SELECT sum(forgotten_events) FROM siftd.ingestions"),
			 340 - 272);
	assert_int_equal(number("SELECT min(first_us) FROM siftd.group_stats"),
			 INT64_C(35) * 60000000);
	assert_int_equal(number("SELECT sum(count) FROM siftd.group_totals"), 272);
	assert_int_equal(number("SELECT sum(count) FROM siftd.group_heads"), 272);
	assert_int_equal(number("SELECT min(first_us) FROM siftd.group_heads"),
			 INT64_C(35) * 60000000);
	/* of whole days, as upkeep asks for */
	run("DO $$ DECLARE p bigint; t bigint; s record; BEGIN LOOP SELECT * INTO s FROM"
	    " siftd.sweep_counts(p, t, 3, 0, 0, 1440); EXIT WHEN s.done;"
	    " p := s.project; t := s.template; END LOOP; END $$");
	assert_groups_agree(1440);
	assert_int_equal(number("SELECT count(*) FROM siftd.group_times"), 0);
	assert_int_equal(number("SELECT count(*) FROM siftd.group_heads"), 0);
}

static int set_up(void **state)
{
	(void)state;
	pg_fixture_start(&fixture, 1);
	run(fill_sql);
	run("SELECT siftd.make_day_partition((now() AT TIME ZONE 'UTC')::date)");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pg_fixture_stop(&fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(removes_an_ingestion, fill),
		cmocka_unit_test_setup(removes_a_project, fill),
		cmocka_unit_test_setup(drops_days, fill),
		cmocka_unit_test_setup(expires_blocks_of_a_project, fill),
		cmocka_unit_test_setup(folds_left_counts, fill),
		cmocka_unit_test_setup(forgets_counts, fill),
		cmocka_unit_test_setup(rolls_up, fill),
		cmocka_unit_test_setup(groups_follow_templates, fill),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
