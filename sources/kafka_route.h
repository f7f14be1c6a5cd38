/* kafka_route.h - to which project a message belongs: its topic or a header says
 *
 * Threads: made at start-up; then the source's thread only.
 * Owner: kafka_route_free frees; names are copies.
 * Limits: KAFKA_PROJECTS_MAX projects, all of them named in the configuration: who may
 *         write to a topic cannot make projects, nor reach one that is not listed.
 *
 * A header that names a project goes before the topic; what neither names belongs to
 * the source's own project.
 */
#ifndef SIFTD_SOURCES_KAFKA_ROUTE_H
#define SIFTD_SOURCES_KAFKA_ROUTE_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "base/slice.h"
#include "sources/kafka.h"

/* instead of a project's number */
#define KAFKA_PROJECT_OWN (-1)
#define KAFKA_PROJECT_UNKNOWN (-2)

struct kafka_route;

/* *out is NULL when the configuration names no way to tell projects apart */
MUST_CHECK int kafka_route_new(const struct kafka_config *config,
			       struct kafka_route **out, struct error *error);
void kafka_route_free(struct kafka_route **route);
/* what the pattern's first group catches in the name of a topic; OWN when the topic
 * does not match */
int kafka_route_topic(const struct kafka_route *route, const char *topic);
/* by_topic: what its topic said */
int kafka_route_message(struct kafka_route *route, const rd_kafka_message_t *message,
			int by_topic);
/* of a number that is not negative */
struct kafka_origin kafka_route_origin(const struct kafka_route *route, int project);

#endif
