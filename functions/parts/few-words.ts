import { LogFormatter, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';

/**
 * Powertools' own formatter says the function's ARN, name, memory and more in every line: 340 bytes that its log group, or nobody, asks for.
 * A line of trouble also names its invocation, by which the platform's report of it is found.
 */
class FewWords extends LogFormatter {
  override formatAttributes({ logLevel: level, message, timestamp, serviceName: service, lambdaContext }: UnformattedAttributes, fields: LogAttributes): LogItem {
    const invocation = level === 'INFO' ? undefined : lambdaContext?.awsRequestId;
    return new LogItem({ attributes: { level, message, timestamp: timestamp.toISOString(), service, function_request_id: invocation, ...fields } });
  }
}

export const fewWords = new FewWords();
