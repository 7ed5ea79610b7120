/** What the worker says; pino's loggers fit. Fields hold no value of an inventory and no secret. */
export interface WorkerLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
