/* rules.h - the shipped rules, those of a project, and trying one
 *
 * Threads: the loop thread only; rules are compiled by the query workers.
 * Limits: RULES_OWN_MAX rules of a project, RULES_SOURCE_MAX bytes each.
 */
#ifndef SIFTD_API_RULES_H
#define SIFTD_API_RULES_H

struct request;

#define RULES_OWN_MAX "1000"
#define RULES_SOURCE_MAX 65536

void rules_list(struct request *request);
void rules_get_one(struct request *request);
void rules_create(struct request *request);
void rules_replace(struct request *request);
void rules_delete(struct request *request);
void rules_try(struct request *request);

#endif
