/* kafka_copy.h - a Kafka source's own copy of its configuration
 *
 * Threads: start-up. Owner: kafka_config_deinit frees the copy.
 */
#ifndef SIFTD_SOURCES_KAFKA_COPY_H
#define SIFTD_SOURCES_KAFKA_COPY_H

#include "sources/kafka.h"

/* without the properties, which are used once, and what a kafka_route has copied */
struct kafka_config kafka_config_copy(const struct kafka_config *config);
void kafka_config_deinit(struct kafka_config *config);

#endif
