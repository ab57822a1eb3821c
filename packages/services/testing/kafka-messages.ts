import { Kafka, logLevel } from "kafkajs"

const client = (brokers: string) =>
  new Kafka({ clientId: "test", brokers: brokers.split(","), logLevel: logLevel.NOTHING })

/** Appends one message to a topic, which is made when it is not there. Returns when every replica has it. */
export const produceMessage = async (brokers: string, topic: string, value: string): Promise<void> => {
  const kafka = client(brokers)
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
  await admin.disconnect()
  const producer = kafka.producer()
  await producer.connect()
  await producer.send({ topic, acks: -1, messages: [{ value }] })
  await producer.disconnect()
}

/** The first message of a topic, read by a new group. */
export const firstMessage = async (brokers: string, topic: string, groupId: string): Promise<string> => {
  const consumer = client(brokers).consumer({ groupId })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const value = await new Promise<string>((resolve, reject) => {
    consumer
      .run({ eachMessage: async ({ message }) => resolve(message.value?.toString() ?? "") })
      .catch(reject)
  })
  await consumer.disconnect()
  return value
}
