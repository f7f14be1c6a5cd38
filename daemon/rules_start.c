/* rules_start.c - from the configuration to sets of rules */
#include "daemon/rules_start.h"

#include "base/log.h"
#include "daemon/rules_cache.h"
#include "daemon/shipped_rules.h"

int rules_start(const struct config *config, struct rules **out, struct error *error)
{
	const char *folder = config->rules_dir;
	int status = folder == NULL
			     ? shipped_rules_load(NULL, out, error)
			     : rules_cache_load(folder, config->state_dir, out, error);

	if (status < 0)
		return -1;
	log_info("rules", "loaded count=%zu from=%s", rules_count(*out),
		 folder == NULL ? "shipped" : folder);
	return 0;
}

int rules_start_shelf(const struct config *config, const char *conninfo,
		      struct rule_shelf **out, struct error *error)
{
	*out = rule_shelf_new(config->rules_dir);
	return rule_shelf_load(*out, conninfo, error);
}
