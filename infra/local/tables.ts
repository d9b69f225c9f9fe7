// Tables of the template, on dynalite in its own process or on whatever AWS_ENDPOINT_URL_DYNAMODB names.
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { startServer } from './child-process.ts';
import type { Child } from './child-process.ts';
import { arn, physicalName, place } from './template.ts';
import type { LocalStack, Resource } from './template.ts';

/** An engine started here, or somebody else's, which is not ours to end. */
export interface Engine {
  readonly url: string;
  readonly child?: Child;
}

/** What every client of the local run needs; the engines look at neither keys nor region. */
export const localAccess = { region: place.region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } as const;

export async function startTableEngine(given = process.env['AWS_ENDPOINT_URL_DYNAMODB']): Promise<Engine> {
  if (given) return { url: given };
  const child = await startServer<string>('engine-process.ts', { args: ['dynamodb'] });
  return { url: child.address, child };
}

/** Creates the tables and registers them. Returns their names. What dynalite lacks (TTL, recovery, protection, ceilings) is left out. */
export async function createTables(stack: LocalStack, url: string): Promise<string[]> {
  const client = new DynamoDBClient({ ...localAccess, endpoint: url });
  try {
    return await Promise.all(
      stack.of('AWS::DynamoDB::GlobalTable', 'AWS::DynamoDB::Table').map(async (resource) => {
        const name = physicalName(stack, resource, 'TableName');
        await createTable(client, tableInput(resource, name));
        stack.register(resource.logicalId, { ref: name, attributes: { Arn: arn('dynamodb', `table/${name}`), TableId: name } });
        return name;
      }),
    );
  } finally {
    client.destroy();
  }
}

type KeyProperties = [CreateTableCommandInput['KeySchema'], CreateTableCommandInput['AttributeDefinitions'], CreateTableCommandInput['GlobalSecondaryIndexes'], CreateTableCommandInput['LocalSecondaryIndexes']];
const keyProperties = ['KeySchema', 'AttributeDefinitions', 'GlobalSecondaryIndexes', 'LocalSecondaryIndexes'];

function tableInput(resource: Resource, name: string): CreateTableCommandInput {
  const [KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, LocalSecondaryIndexes] = keyProperties.map((property) => resource.property(property)) as KeyProperties;
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema,
    AttributeDefinitions,
    ...(GlobalSecondaryIndexes === undefined ? {} : { GlobalSecondaryIndexes: GlobalSecondaryIndexes.map(indexInput) }),
    ...(LocalSecondaryIndexes === undefined ? {} : { LocalSecondaryIndexes: LocalSecondaryIndexes.map(indexInput) }),
  };
}

/** Indexes carry capacity settings in a template that CreateTable does not take with on-demand billing. */
const indexInput = <Index extends Pick<CreateTableCommandInput, 'KeySchema'> & { IndexName: string | undefined; Projection: object | undefined }>({
  IndexName,
  KeySchema,
  Projection,
}: Index): Pick<Index, 'IndexName' | 'KeySchema' | 'Projection'> => ({ IndexName, KeySchema, Projection });

async function createTable(client: DynamoDBClient, input: CreateTableCommandInput): Promise<void> {
  try {
    await client.send(new CreateTableCommand(input));
  } catch (error) {
    // An engine that outlives us may hold the table from an earlier run.
    if (!(error instanceof ResourceInUseException)) throw new Error(`Table ${input.TableName}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  for (let tries = 0; tries < 100; tries += 1) {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: input.TableName }));
    if (Table?.TableStatus === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Table ${input.TableName} did not become active within 5 s.`);
}
