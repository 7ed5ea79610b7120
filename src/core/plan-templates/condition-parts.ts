// Patterns that more than one template looks for. They go by names, as no member of the objects tells it.

/** Labels of groups whose members have powers, or are exempt from a policy. */
export const privilegedLabel = '(?i)admin|privileged|tier[ _-]?0|break[ _-]?glass|emergency|exclu|pim|role';

/**
 * Paths of what protects a device: settings of the settings catalog and of endpoint security policies by their
 * definition, and members of the device configuration profiles from before both.
 */
export const deviceProtectionPath =
  '(?i)^/(settings(Delta)?/)?[^/]*(bitlocker|filevault|defender|firewall|laps_policies|attacksurfacereduction|deviceguard|smartscreen)';
