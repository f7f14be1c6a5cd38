/* rules_match.h - judging single rules, for rules_test.c */
#ifndef SIFTD_PIPELINE_RULES_MATCH_H
#define SIFTD_PIPELINE_RULES_MATCH_H

#include "pipeline/rules.h"

/* whether the rule's condition holds for the event, whatever other rules say */
bool rules_match_one(const struct rules *rules, struct rules_scratch *scratch,
		     const struct rule_subject *subject, size_t index);

#endif
