// traceable_cls (Python): every public method of a class is traced.
// Run: node --import tsx --import otel-langsmith/register examples/custom-instrumentation-class.ts
import { traceableClass } from "otel-langsmith/traceable";

class MyClass {
  constructor(readonly someVal: number) {}

  combine(otherVal: number) {
    return this.someVal + otherVal;
  }
}
traceableClass(MyClass);

console.log(new MyClass(13).combine(29));
