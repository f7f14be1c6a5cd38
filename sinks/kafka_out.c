/* kafka_out.c - lines to messages, delivery reports to answers
 *
 * The producer is made by the first send, so that a siftd without such channels has
 * none, and made anew after an error that ends it for good (librdkafka: fatal).
 */
#include "sinks/kafka_out.h"

#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <regex.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/mem.h"
#include "sources/kafka_conf.h"

#define TOPIC_BYTES_MAX 249

struct call {
	struct kafka_out *out;
	kafka_out_fn *done; /* NULL: free */
	void *context;
	size_t waiting; /* messages without a report */
	bool failed;
	bool again;
	struct error error; /* the first one */
};

struct pattern {
	char *name; /* NULL: the expression */
	regex_t expression;
};

struct kafka_out {
	struct kafka_config config;
	unsigned timeout_ms;
	struct pattern *patterns;
	size_t patterns_count;
	rd_kafka_t *handle; /* NULL: none yet */
	rd_kafka_queue_t *events;
	bool fatal; /* the handle is of no use any more */
	int wake_fd;
	struct event *readable;
	struct call calls[KAFKA_OUT_CALLS_MAX];
};

static struct kafka_config producer_config(const struct kafka_out_config *config)
{
	return (struct kafka_config){
		.name = "notify",
		.brokers = config->brokers,
		.brokers_count = config->brokers_count,
		.property_names = config->property_names,
		.property_values = config->property_values,
		.properties_count = config->properties_count,
	};
}

static int pattern_init(struct pattern *pattern, const char *text, struct error *error)
{
	char reason[128];
	int code = 0;

	if (text[0] != '^') {
		pattern->name = mem_strdup(text);
		return 0;
	}
	code = regcomp(&pattern->expression, text, REG_EXTENDED | REG_NOSUB);
	if (code == 0)
		return 0;
	(void)regerror(code, &pattern->expression, reason, sizeof(reason));
	return error_set(error, "kafka_topics: \"%s\": %s", text, reason);
}

static void patterns_free(struct kafka_out *out)
{
	for (size_t i = 0; i < out->patterns_count; i++) {
		if (out->patterns[i].name == NULL)
			regfree(&out->patterns[i].expression);
		mem_free(out->patterns[i].name);
	}
	mem_free(out->patterns);
}

static int patterns_make(struct kafka_out *out, const struct kafka_out_config *config,
			 struct error *error)
{
	out->patterns = mem_calloc(config->topics_count + 1, sizeof(*out->patterns));
	for (; out->patterns_count < config->topics_count; out->patterns_count++) {
		if (pattern_init(&out->patterns[out->patterns_count],
				 config->topics[out->patterns_count], error) < 0)
			return -1;
	}
	return 0;
}

static bool is_listed(const struct kafka_out *out, const char *topic)
{
	for (size_t i = 0; i < out->patterns_count; i++) {
		const struct pattern *pattern = &out->patterns[i];

		if (pattern->name != NULL
			    ? strcmp(pattern->name, topic) == 0
			    : regexec(&pattern->expression, topic, 0, NULL, 0) == 0)
			return true;
	}
	return false;
}

int kafka_out_check(const struct kafka_out_config *config, struct error *error)
{
	const struct kafka_config producer = producer_config(config);
	struct kafka_out probe = { 0 };
	rd_kafka_t *handle = NULL;
	int status = patterns_make(&probe, config, error);

	patterns_free(&probe);
	if (status < 0 || config->brokers_count == 0)
		return status;
	handle = kafka_producer_new(&producer, config->timeout_ms, error);
	if (handle == NULL)
		return -1;
	rd_kafka_destroy(handle);
	return 0;
}

/* what tries again will not mend */
static bool is_final(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
	       code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION ||
	       code == RD_KAFKA_RESP_ERR_INVALID_RECORD ||
	       code == RD_KAFKA_RESP_ERR__INVALID_ARG;
}

static void fail(struct call *call, rd_kafka_resp_err_t code)
{
	bool again = !is_final(code);

	if (!call->failed) {
		(void)error_set(&call->error, "Kafka: %s", rd_kafka_err2str(code));
		call->again = again;
	}
	call->failed = true;
	call->again = call->again && again;
}

static void settle(struct call *call)
{
	struct kafka_out_result result = { .well = !call->failed,
					   .again = call->failed && call->again,
					   .error = call->error.text };
	kafka_out_fn *done = call->done;

	call->done = NULL;
	done(call->context, &result);
}

static void on_reports(rd_kafka_event_t *event)
{
	const rd_kafka_message_t *message = NULL;

	while ((message = rd_kafka_event_message_next(event)) != NULL) {
		struct call *call = message->_private;

		if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
			fail(call, message->err);
		call->waiting--;
		if (call->waiting == 0)
			settle(call);
	}
}

static void on_error(struct kafka_out *out, rd_kafka_event_t *event)
{
	rd_kafka_resp_err_t code = rd_kafka_event_error(event);

	if (code == RD_KAFKA_RESP_ERR__FATAL)
		out->fatal = true;
	log_warn("notify", "Kafka: %s", rd_kafka_err2str(code));
}

static void serve(struct kafka_out *out)
{
	rd_kafka_event_t *event = NULL;

	/* no more of them than messages that were sent */
	while ((event = rd_kafka_queue_poll(out->events, 0)) != NULL) {
		if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR)
			on_reports(event);
		else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
			on_error(out, event);
		rd_kafka_event_destroy(event);
	}
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	uint64_t count = 0;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return; /* EAGAIN: it was read already */
	serve(context);
}

static void close_handle(struct kafka_out *out)
{
	if (out->handle == NULL)
		return;
	rd_kafka_queue_io_event_enable(out->events, -1, NULL, 0);
	(void)rd_kafka_purge(out->handle, RD_KAFKA_PURGE_F_QUEUE |
						  RD_KAFKA_PURGE_F_INFLIGHT |
						  RD_KAFKA_PURGE_F_NON_BLOCKING);
	rd_kafka_queue_destroy(out->events);
	rd_kafka_destroy(out->handle);
	out->handle = NULL;
	out->fatal = false;
}

static int open_handle(struct kafka_out *out, struct error *error)
{
	static const uint64_t one = 1;

	out->handle = kafka_producer_new(&out->config, out->timeout_ms, error);
	if (out->handle == NULL)
		return -1;
	out->events = rd_kafka_queue_get_main(out->handle);
	rd_kafka_queue_io_event_enable(out->events, out->wake_fd, &one, sizeof(one));
	return 0;
}

int kafka_out_new(struct event_base *base, const struct kafka_out_config *config,
		  struct kafka_out **out_ptr, struct error *error)
{
	struct kafka_out *out = mem_calloc(1, sizeof(*out));

	out->timeout_ms = config->timeout_ms;
	out->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (out->wake_fd < 0) {
		(void)error_set_errno(error, "eventfd");
		mem_free(out);
		return -1;
	}
	if (patterns_make(out, config, error) < 0) {
		patterns_free(out);
		(void)close(out->wake_fd); /* holds no data */
		mem_free(out);
		return -1;
	}
	out->config = producer_config(config);
	out->readable =
		event_new(base, out->wake_fd, EV_READ | EV_PERSIST, on_readable, out);
	event_add(out->readable, NULL);
	*out_ptr = out;
	return 0;
}

void kafka_out_free(struct kafka_out **out_ptr)
{
	struct kafka_out *out = *out_ptr;

	if (out == NULL)
		return;
	close_handle(out);
	event_free(out->readable);
	(void)close(out->wake_fd); /* holds no data */
	patterns_free(out);
	mem_free(out);
	*out_ptr = NULL;
}

static struct call *free_call(struct kafka_out *out)
{
	for (size_t i = 0; i < KAFKA_OUT_CALLS_MAX; i++) {
		if (out->calls[i].done == NULL)
			return &out->calls[i];
	}
	return NULL;
}

static bool is_idle(const struct kafka_out *out)
{
	for (size_t i = 0; i < KAFKA_OUT_CALLS_MAX; i++) {
		if (out->calls[i].done != NULL)
			return false;
	}
	return true;
}

/* 0, or an error that *again says is passing */
static int make_ready(struct kafka_out *out, const char *topic, bool *again,
		      struct error *error)
{
	*again = false;
	if (out->config.brokers_count == 0)
		return error_set(error, "notify.kafka_brokers is not configured");
	if (!is_listed(out, topic))
		return error_set(error, "topic %s is not listed in notify.kafka_topics",
				 topic);
	*again = true;
	if (out->fatal && !is_idle(out))
		return error_set(error, "Kafka: the producer is being made anew");
	if (out->fatal)
		close_handle(out);
	return out->handle == NULL ? open_handle(out, error) : 0;
}

static void produce(struct call *call, const char *topic, struct slice line)
{
	const char *tab = memchr(line.ptr, '\t', line.len);
	size_t key = tab == NULL ? 0 : (size_t)(tab - line.ptr);
	struct slice value = slice_from(line, tab == NULL ? 0 : key + 1);
	rd_kafka_vu_t parts[] = {
		{ .vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = topic },
		{ .vtype = RD_KAFKA_VTYPE_KEY, .u.mem.size = key },
		{ .vtype = RD_KAFKA_VTYPE_VALUE, .u.mem.size = value.len },
		{ .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY },
		{ .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = call },
	};
	rd_kafka_error_t *error = NULL;

	/* copied, though the members are not const */
	memcpy(&parts[1].u.mem.ptr, &line.ptr, sizeof(line.ptr));
	memcpy(&parts[2].u.mem.ptr, &value.ptr, sizeof(value.ptr));
	error = rd_kafka_produceva(call->out->handle, parts, ARRAY_LEN(parts));
	if (error == NULL) {
		call->waiting++;
		return;
	}
	fail(call, rd_kafka_error_code(error));
	rd_kafka_error_destroy(error);
}

static void produce_lines(struct call *call, const char *topic, struct slice lines)
{
	while (lines.len > 0) {
		const char *end = memchr(lines.ptr, '\n', lines.len);
		size_t len = end == NULL ? lines.len : (size_t)(end - lines.ptr);

		produce(call, topic, slice_head(lines, len));
		lines = slice_from(lines, len + 1);
	}
}

int kafka_out_send(struct kafka_out *out, const struct kafka_out_request *request,
		   bool *again, struct error *error)
{
	char topic[TOPIC_BYTES_MAX + 1] = { 0 };
	struct call *call = free_call(out);

	*again = false;
	if (request->topic.len == 0 || request->topic.len > TOPIC_BYTES_MAX)
		return error_set(error, "a topic has 1 to %d bytes", TOPIC_BYTES_MAX);
	memcpy(topic, request->topic.ptr, request->topic.len);
	if (make_ready(out, topic, again, error) < 0)
		return -1;
	*again = true;
	if (call == NULL)
		return error_set(error, "too many sends are under way");
	*call = (struct call){ .out = out,
			       .done = request->done,
			       .context = request->context };
	produce_lines(call, topic, request->lines);
	if (call->waiting > 0)
		return 0;
	*again = call->failed && call->again;
	*error = call->error;
	if (!call->failed)
		(void)error_set(error, "there is no message to send");
	call->done = NULL;
	return -1;
}
