/* rules_condition.c - the value of a condition tree, in three-valued logic */
#include "pipeline/rules_set.h"

enum truth condition_truth(const struct condition *condition, leaf_truth_fn *leaf_truth,
			   void *context)
{
	enum truth least = TRUTH_YES;
	enum truth most = TRUTH_NO;

	if (condition->kind == CONDITION_LEAF)
		return leaf_truth(context, condition);
	/* the depth is bounded by that of the document */
	for (const struct condition *child = condition->first_child; child != NULL;
	     child = child->next) {
		enum truth truth = condition_truth(child, leaf_truth, context);

		least = truth < least ? truth : least;
		most = truth > most ? truth : most;
	}
	if (condition->kind == CONDITION_ALL)
		return least;
	if (condition->kind == CONDITION_ANY)
		return most;
	return TRUTH_YES - most; /* NOT: none of them */
}
