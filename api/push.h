/* push.h - the way of a push, whatever its protocol
 *
 *   the ingestion, by name -> decoding (on a worker when it is large or compressed)
 *     -> the spool's fsync -> answered -> counted
 *
 * Threads: the loop thread only; a protocol's decoder also on query workers.
 * Limits: api_config.body_bytes_max, before and after decompression: 413. A full spool,
 *         too many waiting decoders, a database that is away: 503 with Retry-After.
 *         PUSH_INGESTIONS_MAX ingestions of type push in a project: 422.
 *
 * A protocol's routes call push_start. Its answers say what its clients understand.
 */
#ifndef SIFTD_API_PUSH_H
#define SIFTD_API_PUSH_H

#include "api/push_decode.h"
#include "api/request.h"

#define PUSH_INGESTIONS_MAX 1000

enum push_kind { PUSH_LINES, PUSH_LOKI, PUSH_OTLP, PUSH_ELASTIC, PUSH_HEC, PUSH_KINDS };

/* for /metrics; of each protocol */
struct push_stats {
	uint64_t accepted[PUSH_KINDS]; /* requests */
	uint64_t refused[PUSH_KINDS];
	uint64_t records[PUSH_KINDS];
	uint64_t rejected[PUSH_KINDS];  /* records */
	uint64_t answer_us[PUSH_KINDS]; /* of accepted requests, together */
};

/* what became of a push; lies in the request's arena */
struct push_verdict {
	uint64_t count;
	uint64_t bytes;
	uint64_t rejected;
	struct slice rejection; /* why the first of them was */
	struct slice items;     /* as of push_lines */
	bool protobuf;          /* how the request was written */
	int64_t ingestion_id;
};

struct push_protocol {
	enum push_kind kind;
	push_decode_fn *decode;
	/* is called when all is durable, or nothing was left to store */
	void (*accept)(struct request *request, const struct push_verdict *verdict);
	/* is called with what a client can understand: status 400, 409 (the same push
	 * is under way), 413, 415, 422 or 503. Retry-After is set */
	void (*refuse)(struct request *request, int status, const char *detail);
	bool has_protobuf; /* by Content-Type; else every type is text */
	bool has_snappy;   /* its protobuf is one block of snappy */
	bool once;         /* Idempotency-Key is honoured */
};

/* With an Idempotency-Key the answer is kept for a day: the same push, sent again, is
 * answered alike and not stored again. Only a crash between the spool's fsync and the
 * answer's commit may store it twice. A push under way is answered 409.
 *
 * index: of the path, or empty */
void push_start(struct request *request, const struct push_protocol *protocol,
		struct slice index);
/* the request's Content-Type begins so */
bool push_has_type(const struct request *request, const char *type);
void push_write_metrics(const struct push_stats *stats, struct buf *out);

#endif
