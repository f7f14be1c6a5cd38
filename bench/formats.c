/* formats.c - the shapes of generated log lines */
#include "bench/formats.h"

#include <assert.h>
#include <time.h>

#include "base/compiler.h"
#include "bench/values.h"

struct line {
	const struct templates *templates;
	const struct moment *moment;
	struct random *random;
	struct buf *out;
};

typedef void format_fn(const struct line *line);

static const char *const hosts[] = { "web-01", "web-02", "app-01",   "app-02",
				     "app-03", "db-01",  "cache-01", "edge-01" };
static const char *const services[] = { "checkout", "billing",   "catalog",
					"identity", "search",    "shipping",
					"payments", "inventory", "gateway" };
static const char *const loggers[] = { "c.e.shop.OrderService",
				       "c.e.shop.PaymentClient",
				       "c.e.shop.web.ApiFilter", "o.a.k.c.Consumer",
				       "c.z.hikari.pool.HikariPool" };
static const char *const modules[] = { "app.views", "app.tasks", "celery.worker",
				       "urllib3.connectionpool", "app.db" };
static const char *const agents[] = {
	"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
	"curl/7.88.1", "kube-probe/1.29", "python-requests/2.31.0"
};
static const char *const files[] = { "kubelet.go", "scheduler.go", "reconciler.go",
				     "controller.go", "proxier.go" };

void moment_set(struct moment *moment, int64_t time_us)
{
	int64_t second = time_us / 1000000;
	moment->microsecond = (uint32_t)(time_us % 1000000);
	if (second == moment->second)
		return;
	moment->second = second;
	time_t time = (time_t)second;
	struct tm tm;
	if (gmtime_r(&time, &tm) == NULL)
		return;
	(void)strftime(moment->iso, sizeof(moment->iso), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)strftime(moment->spaced, sizeof(moment->spaced), "%Y-%m-%d %H:%M:%S",
		       &tm);
	(void)strftime(moment->bsd, sizeof(moment->bsd), "%b %e %H:%M:%S", &tm);
	(void)strftime(moment->access, sizeof(moment->access),
		       "%d/%b/%Y:%H:%M:%S +0000", &tm);
	(void)strftime(moment->klog, sizeof(moment->klog), "%m%d %H:%M:%S", &tm);
	(void)strftime(moment->apache, sizeof(moment->apache), "%a %b %d %H:%M:%S",
		       &tm);
	(void)strftime(moment->redis, sizeof(moment->redis), "%d %b %Y %H:%M:%S", &tm);
}

static void put(const struct line *line, const char *text)
{
	buf_append_str(line->out, text);
}

static void put_one_of(const struct line *line, const char *const *words, size_t count)
{
	put(line, words[random_skewed(line->random, (uint32_t)count)]);
}

static void put_fraction(const struct line *line, const char *separator,
			 unsigned digits)
{
	put(line, separator);
	value_append_padded(line->out,
			    digits == 3 ? line->moment->microsecond / 1000
					: line->moment->microsecond,
			    digits);
}

static const struct template *choose(const struct line *line, enum family family)
{
	return templates_choose(line->templates, family, line->random);
}

static void put_message(const struct line *line, const struct template *chosen)
{
	template_write(chosen, line->random, line->out);
}

/* the words of a family of programs: as many as severities up to CRITICAL */
static const char *word(const char *const words[SEVERITY_COUNT], enum severity severity)
{
	assert(words[severity] != NULL);
	return words[severity];
}

static const char *const upper_words[SEVERITY_COUNT] = { [SEVERITY_DEBUG] = "DEBUG",
							 [SEVERITY_INFO] = "INFO",
							 [SEVERITY_WARN] = "WARN",
							 [SEVERITY_ERROR] = "ERROR",
							 [SEVERITY_CRITICAL] =
								 "FATAL" };
static const char *const lower_words[SEVERITY_COUNT] = { [SEVERITY_DEBUG] = "debug",
							 [SEVERITY_INFO] = "info",
							 [SEVERITY_WARN] = "warn",
							 [SEVERITY_ERROR] = "error",
							 [SEVERITY_CRITICAL] =
								 "critical" };
static const char *const python_words[SEVERITY_COUNT] = { [SEVERITY_DEBUG] = "DEBUG",
							  [SEVERITY_INFO] = "INFO",
							  [SEVERITY_WARN] = "WARNING",
							  [SEVERITY_ERROR] = "ERROR",
							  [SEVERITY_CRITICAL] =
								  "CRITICAL" };
static const char *const postgres_words[SEVERITY_COUNT] = { [SEVERITY_DEBUG] = "DEBUG",
							    [SEVERITY_INFO] = "LOG",
							    [SEVERITY_WARN] = "WARNING",
							    [SEVERITY_ERROR] = "ERROR",
							    [SEVERITY_CRITICAL] =
								    "FATAL" };
static const char *const apache_words[SEVERITY_COUNT] = {
	[SEVERITY_DEBUG] = "core:debug",
	[SEVERITY_INFO] = "mpm_event:notice",
	[SEVERITY_WARN] = "ssl:warn",
	[SEVERITY_ERROR] = "core:error",
	[SEVERITY_CRITICAL] = "mpm_event:crit"
};
static const char *const klog_words[SEVERITY_COUNT] = { [SEVERITY_DEBUG] = "I",
							[SEVERITY_INFO] = "I",
							[SEVERITY_WARN] = "W",
							[SEVERITY_ERROR] = "E",
							[SEVERITY_CRITICAL] = "F" };
static const char *const redis_words[SEVERITY_COUNT] = { [SEVERITY_DEBUG] = ".",
							 [SEVERITY_INFO] = "*",
							 [SEVERITY_WARN] = "#",
							 [SEVERITY_ERROR] = "#",
							 [SEVERITY_CRITICAL] = "#" };
/* of syslog, in the facility daemon */
static const char *const priorities[SEVERITY_COUNT] = { [SEVERITY_DEBUG] = "<31>",
							[SEVERITY_INFO] = "<30>",
							[SEVERITY_WARN] = "<28>",
							[SEVERITY_ERROR] = "<27>",
							[SEVERITY_CRITICAL] = "<26>" };

static void write_access(const struct line *line)
{
	static const char *const statuses[] = { "200", "304", "201", "404",
						"302", "499", "500", "503" };
	static const char *const methods[] = { "GET", "POST", "PUT", "DELETE" };
	value_ip(line->random, line->out);
	put(line, " - - [");
	put(line, line->moment->access);
	put(line, "] \"");
	put_one_of(line, methods, ARRAY_LEN(methods));
	put(line, " ");
	value_url(line->random, line->out);
	put(line, " HTTP/1.1\" ");
	put_one_of(line, statuses, ARRAY_LEN(statuses));
	put(line, " ");
	value_bytes(line->random, line->out);
	put(line, " \"-\" \"");
	put_one_of(line, agents, ARRAY_LEN(agents));
	put(line, "\"");
}

static void put_pid(const struct line *line)
{
	value_append_number(line->out, 300 + random_skewed(line->random, 30000));
}

static void write_syslog_bsd(const struct line *line)
{
	const struct template *chosen = choose(line, FAMILY_SYSTEM);
	put(line, line->moment->bsd);
	put(line, " ");
	put_one_of(line, hosts, ARRAY_LEN(hosts));
	put(line, " ");
	put(line, template_program(chosen));
	put(line, "[");
	put_pid(line);
	put(line, "]: ");
	put_message(line, chosen);
}

static void write_syslog_5424(const struct line *line)
{
	const struct template *chosen = choose(line, FAMILY_SYSTEM);
	put(line, word(priorities, template_severity(chosen)));
	put(line, "1 ");
	put(line, line->moment->iso);
	put_fraction(line, ".", 6);
	put(line, "Z ");
	put_one_of(line, hosts, ARRAY_LEN(hosts));
	put(line, " ");
	put(line, template_program(chosen));
	put(line, " ");
	put_pid(line);
	put(line, " - - ");
	put_message(line, chosen);
}

static void write_json(const struct line *line)
{
	const struct template *chosen = choose(line, FAMILY_APPLICATION);
	put(line, "{\"ts\":\"");
	put(line, line->moment->iso);
	put_fraction(line, ".", 3);
	put(line, "Z\",\"level\":\"");
	put(line, word(lower_words, template_severity(chosen)));
	put(line, "\",\"service\":\"");
	put_one_of(line, services, ARRAY_LEN(services));
	put(line, "\",\"request_id\":\"");
	value_request_id(line->random, line->out);
	put(line, "\",\"msg\":\"");
	put_message(line, chosen);
	put(line, "\"}");
}

static void write_logfmt(const struct line *line)
{
	const struct template *chosen = choose(line, FAMILY_APPLICATION);
	put(line, "time=");
	put(line, line->moment->iso);
	put_fraction(line, ".", 3);
	put(line, "Z level=");
	put(line, word(lower_words, template_severity(chosen)));
	put(line, " service=");
	put_one_of(line, services, ARRAY_LEN(services));
	put(line, " msg=\"");
	put_message(line, chosen);
	put(line, "\" req=");
	value_request_id(line->random, line->out);
}

static void write_log4j(const struct line *line)
{
	const struct template *chosen = choose(line, FAMILY_APPLICATION);
	put(line, line->moment->spaced);
	put_fraction(line, ",", 3);
	put(line, " ");
	put(line, word(upper_words, template_severity(chosen)));
	put(line, " [http-nio-8080-exec-");
	value_append_number(line->out, 1 + random_below(line->random, 20));
	put(line, "] ");
	put_one_of(line, loggers, ARRAY_LEN(loggers));
	put(line, " - ");
	put_message(line, chosen);
}

static void write_klog(const struct line *line)
{
	const struct template *chosen = choose(line, FAMILY_KUBERNETES);
	put(line, word(klog_words, template_severity(chosen)));
	put(line, line->moment->klog);
	put_fraction(line, ".", 6);
	put(line, "    ");
	value_append_number(line->out, 1000 + random_below(line->random, 9000));
	put(line, " ");
	put_one_of(line, files, ARRAY_LEN(files));
	put(line, ":");
	value_append_number(line->out, 100 + random_skewed(line->random, 900));
	put(line, "] ");
	put_message(line, chosen);
}

static void write_python(const struct line *line)
{
	const struct template *chosen = choose(line, FAMILY_APPLICATION);
	put(line, line->moment->spaced);
	put_fraction(line, ",", 3);
	put(line, " - ");
	put_one_of(line, modules, ARRAY_LEN(modules));
	put(line, " - ");
	put(line, word(python_words, template_severity(chosen)));
	put(line, " - ");
	put_message(line, chosen);
}

static void write_postgres(const struct line *line)
{
	const struct template *chosen = choose(line, FAMILY_POSTGRES);
	put(line, line->moment->spaced);
	put_fraction(line, ".", 3);
	put(line, " UTC [");
	put_pid(line);
	put(line, "] app@shop ");
	put(line, word(postgres_words, template_severity(chosen)));
	put(line, ":  ");
	put_message(line, chosen);
}

static void write_apache(const struct line *line)
{
	const struct template *chosen = choose(line, FAMILY_APACHE);
	put(line, "[");
	put(line, line->moment->apache);
	put_fraction(line, ".", 6);
	put(line, " 2026] [");
	put(line, word(apache_words, template_severity(chosen)));
	put(line, "] [pid ");
	put_pid(line);
	put(line, "] ");
	put_message(line, chosen);
}

static void write_cri(const struct line *line)
{
	const struct template *chosen = choose(line, FAMILY_APPLICATION);
	put(line, line->moment->iso);
	put_fraction(line, ".", 6);
	put(line, "000Z ");
	put(line, template_severity(chosen) >= SEVERITY_ERROR ? "stderr" : "stdout");
	put(line, " F ");
	put(line, word(upper_words, template_severity(chosen)));
	put(line, " ");
	put_message(line, chosen);
}

static void write_redis(const struct line *line)
{
	const struct template *chosen = choose(line, FAMILY_REDIS);
	put_pid(line);
	put(line, ":M ");
	put(line, line->moment->redis);
	put_fraction(line, ".", 3);
	put(line, " ");
	put(line, word(redis_words, template_severity(chosen)));
	put(line, " ");
	put_message(line, chosen);
}

static const struct {
	const char *name;
	format_fn *write;
} formats[] = {
	{ "access", write_access },
	{ "syslog", write_syslog_bsd },
	{ "syslog5424", write_syslog_5424 },
	{ "json", write_json },
	{ "logfmt", write_logfmt },
	{ "log4j", write_log4j },
	{ "klog", write_klog },
	{ "python", write_python },
	{ "postgres", write_postgres },
	{ "apache", write_apache },
	{ "cri", write_cri },
	{ "redis", write_redis },
};

size_t formats_count(void)
{
	return ARRAY_LEN(formats);
}

const char *format_name(size_t format)
{
	return formats[format].name;
}

void format_write(size_t format, const struct templates *templates,
		  const struct moment *moment, struct random *random, struct buf *out)
{
	const struct line line = { templates, moment, random, out };
	formats[format].write(&line);
	buf_append_char(out, '\n');
}
