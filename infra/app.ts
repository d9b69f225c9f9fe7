import { App } from 'aws-cdk-lib/core';
import { CalendarSyncStack } from './calendar-sync-stack.ts';
import { failOnFindings } from './nag.ts';
import { stageNamed } from './stages.ts';

const app = new App();
new CalendarSyncStack(app, stageNamed(app.node.tryGetContext('stage') ?? 'staging'));
failOnFindings(app);
app.synth();
